//! Inline ops that ask of what kind a value is: in every tier, for values of all kinds, known ones and others.

use fusevm::prelude::*;

#[derive(Language)]
#[language(name = "looked", ops(ops::OPS))]
struct Looked;

#[derive(Debug, Object)]
struct Thing;

#[derive(FuseValue, Clone, Debug, PartialEq)]
struct Point(i64);

#[ops(Looked)]
mod ops {
    use super::*;

    /// A number for each kind, and one for each truth.
    #[ext_op(inline)]
    pub fn class(v: &Value) -> i64 {
        if v.is_undef() {
            0
        } else if matches!(v, Value::Bool(true)) {
            1
        } else if matches!(v, Value::Bool(_)) {
            2
        } else if matches!(v, Value::Int(_) | Value::Float(_)) {
            if matches!(v, Value::Int(..)) { 3 } else { 4 }
        } else if matches!(v, Value::Str(_)) {
            5
        } else if matches!(v, Value::Array(_)) {
            6
        } else if matches!(v, Value::Hash(_)) {
            7
        } else if matches!(v, Value::Status(_)) {
            8
        } else if matches!(v, Value::Ref(_)) {
            9
        } else if matches!(v, Value::NativeFn(_)) {
            10
        } else if matches!(v, Value::Func(_)) {
            11
        } else if matches!(v, Value::Obj(_) | Value::Host(_)) {
            let of_host = matches!(v, Value::Host(_));
            12 + i64::from(of_host)
        } else {
            -1
        }
    }

    #[ext_op(inline)]
    pub fn falsey(v: &Value) -> bool {
        matches!(v, fusevm::Value::Undef | Value::Bool(false))
    }

    /// Others among the operands, a call, a loop in none of it.
    #[ext_op(inline)]
    pub fn pick(a: i64, v: &Value, by: f64, w: &Value) -> f64 {
        let both = falsey(v) && falsey(w);
        let v = if both { w } else { v };
        if falsey(v) {
            a as f64
        } else {
            by * class(w) as f64
        }
    }

    /// It may fail.
    #[ext_op(inline)]
    pub fn share(v: &Value, n: i64) -> i64 {
        if matches!(v, Value::Str(_),) {
            n / (n - n)
        } else {
            100 / n
        }
    }

    /// One that is called, not expanded.
    #[ext_op(inline)]
    pub fn turns(v: &Value, n: i64) -> i64 {
        let mut n = n % 100;
        let mut turns = 0;
        while n > 0 && !v.is_undef() {
            n -= 3;
            turns += 1;
        }
        turns / (n + 2)
    }

    #[ext_op]
    pub fn thing() -> Thing {
        Thing
    }
}

fusevm::testing::test_ops!(Looked);

fn values() -> Vec<Value> {
    let point = Value::from(Point(1));
    vec![
        Value::Undef,
        Value::Bool(true),
        Value::Bool(false),
        Value::Int(1),
        Value::Float(0.0),
        Value::from("text"),
        Value::array(vec![1, 2]),
        Value::Hash(fusevm::Hash::default()),
        Value::Status(0),
        Value::NativeFn(3),
        point,
    ]
}

#[test]
fn the_function_and_the_vm_say_the_same() {
    let classes: Vec<i64> = values().iter().map(ops::class).collect();
    assert_eq!(classes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13]);
    let program = chunk! { Looked;
        fn class(v) { GetSlot(v); ops::class; ReturnValue; }
        fn object() { ops::thing; ops::class; ReturnValue; }
        fn function() { LoadUndef; Call(class, 1); ReturnValue; }
    };
    for (name, mut vm) in super::native::tiers::<Looked>() {
        vm.eval(&program).expect("the chunk is right");
        for value in values() {
            let class = Value::Int(ops::class(&value));
            for _ in 0..3 {
                let got = vm.call("class", std::slice::from_ref(&value));
                assert_eq!(got.as_ref().ok(), Some(&class), "{name}: {value:?}");
            }
        }
        for _ in 0..3 {
            assert_eq!(vm.call("object", &[]).ok(), Some(Value::Int(12)), "{name}");
        }
    }
}

/// Values of all kinds come to one place in turn, of one kind to another, and some are known.
#[test]
fn kinds_that_change_in_a_loop() {
    let program = chunk! { Looked;
        fn run(items, n, one) {
            let i; let sum; let v;
            LoadInt(0); SetSlot(i); LoadInt(0); SetSlot(sum);
          'next:
            GetSlot(items); GetSlot(i); GetSlot(items); core_ops::len; Mod; core_ops::get; SetSlot(v);
            GetSlot(sum); LoadInt(3); Mul; GetSlot(v); ops::class; BitXor; SetSlot(sum);
            GetSlot(v); ops::falsey; JumpIfTrue('falsey);
            GetSlot(sum); LoadInt(1); Add; SetSlot(sum);
          'falsey:
            GetSlot(one); ops::class; GetSlot(sum); Add; SetSlot(sum);
            LoadConst("a text"); ops::class; GetSlot(sum); Add; SetSlot(sum);
            GetSlot(i); GetSlot(one); LoadFloat(0.5); GetSlot(v); ops::pick;
            core_ops::to_int; GetSlot(sum); Add; LoadInt(0xffffff); BitAnd; SetSlot(sum);
            GetSlot(v); GetSlot(i); ops::turns; GetSlot(sum); Add; SetSlot(sum);
            GetSlot(i); LoadInt(1); Add; SetSlot(i);
            GetSlot(i); GetSlot(n); NumLt; JumpIfTrue('next);
            GetSlot(sum); ReturnValue;
        }
        fn fails(items, n) {
            let i; let sum;
            LoadInt(1); SetSlot(i); LoadInt(0); SetSlot(sum);
          'next:
            GetSlot(items); GetSlot(i); LoadInt(10); core_ops::idiv; core_ops::get;
            GetSlot(i); ops::share; GetSlot(sum); Add; SetSlot(sum);
            GetSlot(i); LoadInt(1); Add; SetSlot(i);
            GetSlot(i); GetSlot(n); NumLt; JumpIfTrue('next);
            GetSlot(sum); ReturnValue;
        }
    };
    let mut expected: Option<Vec<String>> = None;
    for (name, mut vm) in super::native::tiers::<Looked>() {
        vm.eval(&program).expect("the chunk is right");
        let mut all = Vec::new();
        for one in values() {
            for n in [3, 40, 200] {
                let args = [Value::array(values()), Value::Int(n), one.clone()];
                all.push(format!("{:?}", vm.call("run", &args)));
            }
        }
        for n in [30, 50, 51, 52] {
            let args = [Value::array(values()), Value::Int(n)];
            let told = vm.call("fails", &args).map_err(|error| error.render());
            all.push(format!("{told:?}"));
        }
        assert!(all[all.len() - 1].contains("division by zero"), "{all:?}");
        match &expected {
            Some(expected) => assert_eq!(*expected, all, "{name}"),
            None => expected = Some(all),
        }
    }
}
