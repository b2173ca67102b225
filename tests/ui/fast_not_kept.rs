use fusevm::prelude::*;

#[derive(Language)]
#[language(ops(sums::OPS, more::OPS))]
struct Calc;

#[derive(Object)]
struct Thing;

#[ops(Calc)]
mod sums {
    use super::*;

    #[ext_op(fast)]
    fn length(text: String) -> i64 {
        text.len() as i64
    }

    #[ext_op(fast)]
    fn text(n: i64) -> String {
        n.to_string()
    }

    #[ext_op(fast)]
    fn maybe(n: Option<i64>) -> i64 {
        n.unwrap_or(0)
    }

    #[ext_op(fast)]
    fn object(thing: &Thing) {
        let _ = thing;
    }

    #[ext_op(fast)]
    fn sum(all: Rest<'_>) -> i64 {
        all.len() as i64
    }

    #[ext_op(fast)]
    fn whole(cx: Ctx<'_, Calc>) {
        let _ = cx;
    }
}

#[ops(Calc)]
mod more {
    use super::*;

    #[ext_op(fast)]
    fn many(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64) -> i64 {
        a + b + c + d + e + f + g + h + i
    }

    #[ext_op(fast)]
    fn pair(a: i64) -> (i64, i64) {
        (a, a)
    }

    #[ext_op(fast)]
    fn jump(#[imm] to: Label, a: bool) -> Branch<(), (i64, i64)> {
        let _ = to;
        match a {
            true => Branch::Jump((1, 2)),
            false => Branch::Fall(()),
        }
    }

    #[ext_op(fast)]
    fn call(f: &Value) -> Invoke {
        let _ = f;
        Invoke::Value(Value::Undef)
    }

    #[ext_op(fast, alt = other)]
    fn add(a: i64) -> i64 {
        a
    }

    #[ext_op]
    fn other(a: &Value) -> i64 {
        let _ = a;
        0
    }

    #[ext_op(fast)]
    fn kept(a: i64, b: f64, c: bool, #[imm] d: u8, text: &str, all: &Array, map: &Hash, any: &Value) -> Result<bool, String> {
        let _ = (a, b, c, d, text, all, map, any);
        Err("but it compiles".to_owned())
    }
}

fn main() {}
