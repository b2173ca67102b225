//! Collection of a VM's heap: what keeps an object alive, and that the rest goes.

use fusevm::{SharedBuffer, Tracer, prelude::*};

#[derive(Language)]
#[language(name = "collected", host = Shelf, ops(ops::OPS, function))]
struct Collected;

/// A host that holds objects.
#[derive(Default, Trace)]
struct Shelf {
    items: Vec<Value>,
    /// What a host leaves out is not kept.
    #[trace(skip)]
    weak: Vec<Value>,
}

/// A node of a list.
#[derive(Object)]
struct Node {
    name: i64,
    next: Value,
}

/// A value of the host that holds others.
#[derive(FuseValue)]
enum Chain {
    End,
    Link {
        head: Value,
        more: Vec<Value>,
        tail: Option<Value>,
        length: usize,
    },
}

/// Any error.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[ops(Collected)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn node(name: i64, next: Value) -> Node {
        Node { name, next }
    }

    #[ext_op]
    pub fn name(node: &Node) -> i64 {
        node.name
    }

    /// Makes a list lead back to its own start.
    #[ext_op]
    pub fn tie(mut node: ObjMut<'_, Node>, next: &Value) {
        node.next = next.clone();
    }

    #[ext_op]
    pub fn shelve(node: Value, shelf: &mut Shelf) {
        shelf.items.push(node);
    }

    #[ext_op]
    pub fn glance(node: Value, shelf: &mut Shelf) {
        shelf.weak.push(node);
    }

    /// A chain of what is given, as a value of the host.
    #[ext_op]
    pub fn chain(nodes: Rest<'_>) -> Chain {
        nodes.iter().fold(Chain::End, |chain, node| match chain {
            Chain::Link { length, .. } => Chain::Link {
                head: node.clone(),
                more: Vec::new(),
                tail: Some(chain.into()),
                length: length + 1,
            },
            Chain::End => Chain::Link {
                head: Value::Undef,
                more: vec![node.clone()],
                tail: None,
                length: 1,
            },
        })
    }

    /// The names of the nodes in a chain.
    #[ext_op]
    pub fn names(chain: Value, heap: &mut Heap) -> Result<Array, Failure> {
        let (mut names, mut at) = (Array::new(), chain);
        while let Value::Host(host) = &at
            && let Some(Chain::Link {
                head,
                more,
                tail,
                length,
            }) = host.downcast_ref()
        {
            for node in std::iter::once(head)
                .chain(more)
                .filter(|node| !node.is_undef())
            {
                let node = heap.downcast::<Node>(node).ok_or("a node is gone")?;
                names.push((heap.get(node)?.name * *length as i64).into());
            }
            at = tail.clone().unwrap_or_default();
        }
        Ok(names)
    }

    /// The function as a value through which `mine` can be reached.
    #[ext_op]
    pub fn call_with(#[imm] f: Function, mine: Value) -> Invoke {
        Invoke::Call {
            function: f.into(),
            callee: mine,
            first: None,
        }
    }

    #[ext_op]
    pub fn mine(#[callee] node: &Node) -> i64 {
        node.name
    }

    /// The names of what `f` gives for 1 to `n`, `f` having collected in between; and of its own input.
    #[ext_op]
    pub fn gather(f: Func, own: Value, n: i64, mut cx: Ctx<'_, Collected>) -> Result<Array, Trap> {
        let mut made = vec![own];
        for i in 1..=n {
            made.push(cx.call(&f, &[Value::Int(i)])?);
            let fresh = cx.heap().alloc(Node {
                name: -i,
                next: Value::Undef,
            })?;
            made.push(fresh.into());
            cx.collect();
        }
        let heap = cx.heap();
        let name = |value| {
            let node = heap.downcast::<Node>(value).ok_or("a node is gone")?;
            Ok(heap.get(node)?.name)
        };
        let names: Result<Vec<i64>, Failure> = made.iter().map(name).collect();
        Ok(names.map(Array::from)?)
    }

    /// Takes a node out of another and calls `f` before it looks at it.
    #[ext_op]
    pub fn unlink(
        keep: bool,
        f: Func,
        node: Obj<Node>,
        mut cx: Ctx<'_, Collected>,
    ) -> Result<i64, Failure> {
        let next = std::mem::take(&mut cx.heap().get_mut(node)?.next);
        if keep {
            cx.keep(&next);
        }
        cx.call(&f, &[Value::Int(0)])?;
        let heap = cx.heap();
        let next = heap.downcast::<Node>(&next).ok_or("it is gone")?;
        Ok(heap.get(next)?.name)
    }
}

/// A VM that collects wherever it can.
fn vm() -> Vm<Collected> {
    let mut vm = Collected::vm(Shelf::default());
    vm.heap_mut().set_pace(0, 1);
    vm
}

fn eval(
    vm: &mut Vm<Collected>,
    build: impl FnOnce(&mut Builder<Collected>),
) -> Result<Value, Error> {
    let mut b = Builder::new();
    build(&mut b);
    vm.eval(b.finish().expect("the chunk is well built"))
}

fn node(b: &mut Builder<Collected>, name: i64) {
    b.load(name);
    b.load(());
    b.op(ops::node {});
}

/// Ops between which garbage is collected.
fn collect(b: &mut Builder<Collected>) {
    node(b, 0);
    b.emit(Op::Pop);
    node(b, 0);
    b.emit(Op::Pop);
}

fn returning(b: &mut Builder<Collected>, name: &str, body: impl FnOnce(&mut Builder<Collected>)) {
    let f = b.begin_fn(name, &["x"]);
    body(b);
    b.emit(Op::ReturnValue);
    b.end_fn(f);
}

#[test]
fn stack_slots_and_globals_keep_what_they_hold() {
    let mut vm = vm();
    let names = eval(&mut vm, |b| {
        node(b, 1);
        node(b, 2);
        b.set_slot(3);
        node(b, 3);
        b.make_array(1);
        b.set_var("g");
        collect(b);
        b.op(ops::name {});
        b.get_slot(3);
        b.op(ops::name {});
        b.load(0);
        b.with_name(Op::ArrayGet, "g");
        b.op(ops::name {});
        b.make_array(3);
    });
    assert_eq!(format!("{:?}", names.unwrap()), "[1, 2, 3]");
    // Between runs only the global is left.
    vm.collect();
    assert_eq!(vm.heap().len(), 1);
    assert!(vm.heap().stats().reclaimed >= 4);
}

#[test]
fn frames_keep_their_callees_and_loops_their_elements() {
    let mut vm = vm();
    let names = eval(&mut vm, |b| {
        let f = b.begin_fn::<&str>("f", &[]);
        collect(b);
        b.op(ops::mine {});
        b.emit(Op::ReturnValue);
        b.end_fn(f);
        node(b, 1);
        b.op(ops::call_with { f: "f".into() });
        // The elements that a block has not come to, and what it has made.
        let block = b.begin_block();
        collect(b);
        b.op(ops::name {});
        b.load(10);
        b.emit(Op::Mul);
        b.load(());
        b.op(ops::node {});
        let block = b.end_block(block);
        for name in 1..=3 {
            node(b, name);
        }
        b.make_array(3);
        b.emit(Op::MapBlock(block.0));
        let block = b.begin_block();
        b.op(ops::name {});
        collect(b);
        b.emit(Op::Swap);
        b.op(ops::name {});
        b.emit(Op::Sub);
        let sort = b.end_block(block);
        b.emit(Op::SortBlock(sort.0));
        let block = b.begin_block();
        b.op(ops::name {});
        let block = b.end_block(block);
        b.emit(Op::MapBlock(block.0));
        b.make_array(2);
    });
    assert_eq!(format!("{:?}", names.unwrap()), "[1, [30, 20, 10]]");
}

#[test]
fn values_of_the_host_keep_what_they_hold() {
    let mut vm = vm();
    let names = eval(&mut vm, |b| {
        for name in [1, 2, 3] {
            node(b, name);
        }
        b.op(ops::chain { nodes: 3 });
        b.set_var("chain");
        collect(b);
        b.get_var("chain");
        b.op(ops::names {});
    });
    assert_eq!(format!("{:?}", names.unwrap()), "[9, 4, 1]");
    vm.collect();
    assert_eq!(vm.heap().len(), 3);
    vm.set_global("chain", ());
    assert_eq!(vm.collect(), 3);
}

#[test]
fn a_cycle_goes_when_nothing_leads_to_it() {
    let mut vm = vm();
    eval(&mut vm, |b| {
        node(b, 1);
        b.set_slot(0);
        b.load(2);
        b.get_slot(0);
        b.op(ops::node {});
        b.set_slot(1);
        b.get_slot(0);
        b.get_slot(1);
        b.op(ops::tie {});
        b.get_slot(1);
        b.set_var("ring");
    })
    .unwrap();
    vm.collect();
    assert_eq!(vm.heap().len(), 2);
    vm.set_global("ring", ());
    assert_eq!(vm.collect(), 2);
}

#[test]
fn hosts_and_roots_keep_objects() {
    let mut vm = vm();
    let stale = eval(&mut vm, |b| {
        node(b, 1);
        b.op(ops::shelve {});
        node(b, 2);
        b.op(ops::glance {});
        node(b, 3);
    });
    let stale = stale.unwrap();
    let root = vm.root(stale.clone());
    vm.collect();
    assert_eq!(vm.heap().len(), 2);
    let names = eval(&mut vm, |b| {
        collect(b);
        b.load(0);
    });
    assert!(names.is_ok());
    let held = [vm.rooted(&root), vm.host().items[0].clone()];
    assert!(held.iter().all(|v| vm.heap().downcast::<Node>(v).is_some()));
    let weak = vm.host().weak[0].clone();
    assert!(vm.heap().downcast::<Node>(&weak).is_none());
    assert_eq!(vm.unroot(root), stale);
    vm.host_mut().items.clear();
    vm.collect();
    assert!(vm.heap().is_empty());
}

#[test]
fn a_handler_that_calls_back_keeps_what_it_has_in_hand() {
    let mut vm = vm();
    let names = eval(&mut vm, |b| {
        returning(b, "make", |b| {
            collect(b);
            b.get_slot(0);
            b.load(());
            b.op(ops::node {});
        });
        b.op(function { f: "make".into() });
        node(b, 7);
        b.load(3);
        b.op(ops::gather {});
    });
    assert_eq!(format!("{:?}", names.unwrap()), "[7, 1, -1, 2, -2, 3, -3]");
    vm.collect();
    assert!(vm.heap().is_empty(), "until it returns");
}

#[ext_op(Collected)]
fn function(#[imm] f: Function) -> Func {
    f.into()
}

#[test]
fn what_a_handler_takes_out_of_an_object_it_keeps_itself() {
    for keep in [true, false] {
        let mut vm = vm();
        let name = eval(&mut vm, |b| {
            returning(b, "work", |b| {
                collect(b);
                b.load(0);
            });
            b.load(keep);
            b.op(function { f: "work".into() });
            b.load(1);
            node(b, 2);
            b.op(ops::node {});
            b.op(ops::unlink {});
        });
        match name {
            Ok(name) => assert_eq!((keep, name), (true, Value::Int(2))),
            Err(error) => assert_eq!((keep, error.message().as_str()), (false, "it is gone")),
        }
    }
}

#[test]
fn builtins_and_raw_handlers_keep_what_they_pop() {
    let mut vm = Collected::vm(Shelf::default());
    vm.heap_mut().set_pace(0, 1);
    vm.register_builtin(1, |vm, _| {
        let node = vm.pop();
        vm.call("work", &[Value::Int(1)]).expect("it runs");
        let name = |vm: &VM| Some(vm.heap().get(vm.heap().downcast::<Node>(&node)?).ok()?.name);
        name(vm).map_or(Value::Undef, Value::Int)
    });
    let name = eval(&mut vm, |b| {
        returning(b, "work", |b| {
            collect(b);
            b.load(0);
        });
        node(b, 5);
        b.call_builtin(1, 1);
    });
    assert_eq!(name.unwrap(), Value::Int(5));
}

#[test]
fn garbage_that_leads_in_circles_does_not_add_up() {
    let mut vm = Collected::vm(Shelf::default());
    let out = SharedBuffer::default();
    vm.set_output(out);
    eval(&mut vm, |b| {
        b.load(0);
        b.set_slot(9);
        let (top, done) = (b.label_here(), b.label());
        b.get_slot(9);
        b.load(100_000);
        b.emit(Op::NumLt);
        b.jump_if_false(done);
        node(b, 1);
        b.emit(Op::Dup);
        b.emit(Op::Dup);
        b.op(ops::tie {});
        b.set_slot(0);
        b.emit(Op::PreIncSlotVoid(9));
        b.jump(top);
        b.bind(done);
    })
    .unwrap();
    let stats = vm.heap().stats();
    assert!(
        stats.objects <= 16_384 && stats.collections >= 6,
        "{stats:?}"
    );
    assert!(
        stats.reclaimed + stats.objects as u64 == 100_000,
        "{stats:?}"
    );
}

#[test]
fn a_panic_while_tracing_is_a_trap_of_the_program() {
    /// An object whose trace panics.
    struct Bad;
    impl Trace for Bad {
        fn trace(&self, _: &mut Tracer<'_>) {
            panic!("no trace");
        }
    }
    impl Object for Bad {
        const NAME: &'static str = "Bad";
    }
    let mut vm = vm();
    let bad = vm.heap_mut().alloc(Bad).expect("there is room");
    vm.set_global("bad", bad);
    let error = eval(&mut vm, |b| node(b, 1)).unwrap_err();
    assert_eq!(error.message(), "handler panicked: no trace");
    vm.set_global("bad", ());
    assert!(eval(&mut vm, |b| node(b, 1)).is_ok());
}
