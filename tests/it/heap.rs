//! Objects and cells of a VM's heap, as programs and hosts use them.

use fusevm::heap::HeapError;
use fusevm::{ErrorKind, SharedBuffer, TrapKind, prelude::*};

#[derive(Language)]
#[language(name = "heaped", ops(ops::OPS))]
struct Heaped;

/// A node of a graph.
#[derive(Object)]
struct Node {
    name: Str,
    edges: Vec<Obj<Node>>,
    parts: Parts<Value>,
    #[trace(skip)]
    visits: std::time::Duration,
}

/// A part of an object.
#[derive(Trace, Default)]
struct Parts<T> {
    some: Option<T>,
    more: Vec<T>,
}

/// An object with a text of its own.
struct Point(i64, i64);

impl Trace for Point {
    fn trace(&self, _: &mut fusevm::Tracer<'_>) {}
}

impl Object for Point {
    const NAME: &'static str = "Point";

    fn text(&self) -> Option<String> {
        Some(format!("({}, {})", self.0, self.1))
    }
}

/// One of several shapes, with another name.
#[derive(Object)]
#[object(name = "Shape")]
enum Form {
    Empty,
    Of(Value),
    Pair { left: Value, right: Obj<Node> },
}

#[ops(Heaped)]
mod ops {
    use super::*;

    #[ext_op]
    pub fn node(name: Str) -> Node {
        Node {
            name,
            edges: Vec::new(),
            parts: Parts::default(),
            visits: Default::default(),
        }
    }

    #[ext_op]
    pub fn point(x: i64, y: i64, heap: &mut Heap) -> Result<Obj<Point>, HeapError> {
        heap.alloc(Point(x, y))
    }

    #[ext_op]
    pub fn link(mut from: ObjMut<'_, Node>, to: &Value) {
        from.parts.more.push(to.clone());
    }

    /// One handle is written, the other only held.
    #[ext_op]
    pub fn connect(from: Obj<Node>, to: Obj<Node>, heap: &mut Heap) -> Result<(), HeapError> {
        heap.get_mut(from)?.edges.push(to);
        Ok(())
    }

    #[ext_op]
    pub fn name(node: &Node) -> Str {
        node.name.clone()
    }

    /// Follows first edges as far as they go, at most `steps` far.
    #[ext_op]
    pub fn walk(from: Obj<Node>, steps: i64, heap: &mut Heap) -> Result<String, HeapError> {
        let (mut path, mut at) = (String::new(), from);
        for _ in 0..steps {
            let mut node = heap.get_mut(at)?;
            node.visits += std::time::Duration::from_secs(1);
            path.push_str(node.name.as_str());
            match node.edges.first() {
                Some(next) => at = *next,
                None => break,
            }
        }
        Ok(path)
    }

    #[ext_op]
    pub fn cell(v: Value, heap: &mut Heap) -> Result<Ref, HeapError> {
        heap.new_ref(v)
    }

    #[ext_op]
    pub fn read(cell: Ref, heap: &mut Heap) -> Result<Value, HeapError> {
        heap.ref_get(cell)
    }

    #[ext_op]
    pub fn write(cell: Ref, v: Value, heap: &mut Heap) -> Result<Value, HeapError> {
        heap.ref_set(cell, v)
    }
}

fn vm() -> Vm<Heaped> {
    Heaped::vm(())
}

/// A ring of nodes in the globals `a`, `b`, `c`.
fn ring(vm: &mut Vm<Heaped>) {
    vm.eval(&chunk! { Heaped;
        LoadConst("a"); ops::node; SetVar(a);
        LoadConst("b"); ops::node; SetVar(b);
        LoadConst("c"); ops::node; SetVar(c);
        GetVar(a); GetVar(b); ops::connect;
        GetVar(b); GetVar(c); ops::connect;
        GetVar(c); GetVar(a); ops::connect;
    })
    .unwrap();
}

fn node(vm: &Vm<Heaped>, name: &str) -> Obj<Node> {
    vm.heap().downcast(&vm.global(name)).expect("it is a node")
}

#[test]
fn a_cycle_through_handles_is_walked_and_shown() {
    let mut vm = vm();
    ring(&mut vm);
    let path = vm.eval(&chunk! { Heaped; GetVar(a); LoadInt(7); ops::walk; });
    assert_eq!(path.unwrap(), Value::str("abcabca"));
    // Values that lead back to where they are held.
    vm.eval(&chunk! { Heaped; GetVar(a); GetVar(a); GetVar(b); MakeArray(2); ops::link; })
        .unwrap();
    let (a, b) = (node(&vm, "a"), node(&vm, "b"));
    let held = vm.heap().references(a.handle()).unwrap();
    assert_eq!(held, [b.handle(), a.handle(), b.handle()]);
    assert_eq!(vm.heap().get(a).unwrap().visits.as_secs(), 3);
    let text = vm.text(&Value::array(vec![a, b]));
    assert_eq!(text.unwrap(), "(Node) (Node)");
    drop(vm);
}

#[test]
fn all_shapes_of_an_object_are_traced() {
    let mut vm = vm();
    ring(&mut vm);
    let (a, b) = (node(&vm, "a"), node(&vm, "b"));
    let heap = vm.heap_mut();
    let cell = heap.new_ref(a.into()).unwrap();
    let mut held = |form: Form| {
        let form = heap.alloc(form).unwrap();
        heap.references(form.handle()).unwrap()
    };
    assert_eq!(held(Form::Empty), []);
    assert_eq!(held(Form::Of(Value::Ref(cell))), [cell.handle()]);
    let left = Value::hash([("k", Value::array(vec![a]))]);
    assert_eq!(
        held(Form::Pair { left, right: b }),
        [a.handle(), b.handle()]
    );
    assert_eq!(vm.heap().stats().by_type.last(), Some(&("Shape", 3)));
    let parts = vm.heap_mut().get_mut(b).map(|mut b| {
        b.parts.some = Some(a.into());
    });
    assert!(parts.is_ok());
    let held = vm.heap().references(b.handle()).unwrap().len();
    assert_eq!(held, 2);
}

#[test]
fn a_handle_of_another_vm_is_an_error_and_never_another_object() {
    let (mut one, mut two) = (vm(), vm());
    ring(&mut one);
    ring(&mut two);
    let foreign = one.global("a");
    two.set_global("foreign", foreign.clone());
    let name = two.eval(&chunk! { Heaped; GetVar(foreign); ops::name; });
    let error = name.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Operand));
    assert!(
        error
            .message()
            .starts_with("`name`, operand 1: expected Node, found Obj")
    );
    let obj = node(&one, "a");
    assert_eq!(two.heap().get(obj).err(), Some(HeapError::WrongVm));
    assert_eq!(two.heap_mut().get_mut(obj).err(), Some(HeapError::WrongVm));
    assert_eq!(two.text(&foreign).unwrap(), "(object)");
    assert_ne!(foreign, two.global("a"));
    // The same for cells.
    let cell = one.heap_mut().new_ref(Value::Int(1)).unwrap();
    two.set_global("foreign", Value::Ref(cell));
    let read = two.eval(&chunk! { Heaped; GetVar(foreign); ops::read; });
    let error = read.unwrap_err();
    assert_eq!(error.message(), "object belongs to another VM");
    assert_eq!(error.downcast_ref(), Some(&HeapError::WrongVm));
    drop(one);
    assert_eq!(two.heap().get(obj).err(), Some(HeapError::WrongVm));
}

#[test]
fn objects_of_two_types_are_not_mistaken() {
    let mut vm = vm();
    let error = vm.eval(&chunk! { Heaped;
        // What comes out of a global is of no known type.
        LoadInt(1); LoadInt(2); ops::point; SetVar(p); GetVar(p); ops::name;
    });
    assert!(error.unwrap_err().message().contains("expected Node"));
    let point = vm.heap_mut().alloc(Point(0, 0)).unwrap();
    let error = vm.heap().get_handle::<Node>(point.handle()).err().unwrap();
    let (expected, found) = ("Node", "Point");
    assert_eq!(error, HeapError::WrongType { expected, found });
    assert_eq!(vm.heap().type_name(point.handle()), Some("Point"));
}

#[test]
fn a_heap_at_its_limit() {
    let mut vm = vm();
    let mut limits = Limits::default();
    limits.max_objects = 100;
    vm.set_limits(limits);
    for grows in [
        chunk! { Heaped; 'top: LoadConst("x"); ops::node; ArrayPush(kept); Jump('top); },
        chunk! { Heaped; 'top: LoadInt(1); ops::cell; ArrayPush(kept); Jump('top); },
    ] {
        let error = vm.eval(&grows).unwrap_err();
        assert_eq!(error.message(), "too many objects");
        assert_eq!(error.kind(), ErrorKind::Trap(TrapKind::Heap));
        assert_eq!(vm.heap().len(), 100);
    }
    let stats = vm.heap().stats();
    assert_eq!(stats.by_type, [("Ref", 0), ("Node", 100)]);
    assert!(stats.collections > 0);
    assert!(vm.eval(&chunk! { Heaped; LoadInt(1); }).is_ok());
    let mut limits = Limits::default();
    limits.max_objects = 101;
    vm.set_limits(limits);
    assert!(vm.heap_mut().new_ref(Value::Undef).is_ok());
    // What was kept is let go, and there is room again.
    vm.set_global("kept", Value::Undef);
    let many = vm.eval(&chunk! { Heaped;
        let i;
        LoadInt(0); SetSlot(i);
      'top:
        LoadConst("x"); ops::node; Pop;
        SlotIncLtIntJumpBack(i, 1_000, 'top);
    });
    assert!(many.is_ok());
}

#[test]
fn cells_are_shared_and_may_hold_themselves() {
    let mut vm = vm();
    let values = vm.eval(&chunk! { Heaped;
        let one; let other;
        LoadInt(1); ops::cell; SetSlot(one);
        GetSlot(one); SetSlot(other);
        // Through one handle in, through the other out.
        GetSlot(one); LoadInt(2); ops::write;
        GetSlot(other); ops::read;
        GetSlot(one); GetSlot(one); ops::write;
        GetSlot(one); ops::read; GetSlot(one); NumEq;
        MakeArray(4);
    });
    let Value::Array(values) = values.unwrap() else {
        panic!("an array")
    };
    let expected = [Value::Int(1), Value::Int(2), Value::Int(2)];
    assert_eq!(values.iter().take(3).collect::<Vec<_>>(), expected);
    assert_eq!(vm.heap().len(), 1);
    let cell = vm.heap_mut().new_ref(Value::Undef).unwrap();
    vm.heap_mut().ref_set(cell, Value::Ref(cell)).unwrap();
    assert!(vm.text(&Value::Ref(cell)).is_ok());
}

#[test]
fn print_and_concat_use_the_text_of_an_object() {
    let seen = SharedBuffer::default();
    let mut vm = vm();
    vm.set_output(seen.clone());
    let text = vm.eval(&chunk! { Heaped;
        let point; let node;
        LoadInt(1); LoadInt(-2); ops::point; SetSlot(point);
        LoadConst("a"); ops::node; SetSlot(node);
        GetSlot(point); PrintLn(1);
        GetSlot(node); GetSlot(point); MakeArray(2); PrintLn(1);
        LoadConst("at "); GetSlot(point); Concat;
        GetSlot(point); core_ops::to_str; Concat;
    });
    assert_eq!(text.unwrap(), Value::str("at (1, -2)(1, -2)"));
    assert_eq!(seen.text(), "(1, -2)\n(Node) (1, -2)\n");
}
