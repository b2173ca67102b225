//! The heap as a whole.

use super::*;

struct Node(Vec<Value>);
impl Trace for Node {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }
}
impl Object for Node {
    const NAME: &'static str = "Node";
}

#[derive(Debug)]
struct Named(&'static str);
impl Trace for Named {
    fn trace(&self, _: &mut Tracer<'_>) {}
}
impl Object for Named {
    const NAME: &'static str = "Named";
    fn text(&self) -> Option<String> {
        Some(self.0.into())
    }
}

#[test]
fn objects_are_found_by_handle_and_type() {
    let mut heap = Heap::new();
    let named = heap.alloc(Named("x")).unwrap();
    let node = heap.alloc(Node(vec![named.into()])).unwrap();
    assert_eq!(heap.get(named).unwrap().0, "x");
    heap.get_mut(named).unwrap().0 = "y";
    assert_eq!(Value::from(named).text_with(&heap, 9).unwrap(), "y");
    assert_eq!(Value::from(node).text_with(&heap, 9).unwrap(), "(Node)");
    assert_eq!(heap.type_name(node.handle()), Some("Node"));
    assert_eq!(heap.downcast::<Named>(&named.into()), Some(named));
    assert_eq!(heap.downcast::<Named>(&node.into()), None);
    let error = HeapError::WrongType {
        expected: "Named",
        found: "Node",
    };
    assert_eq!(heap.get_handle::<Named>(node.handle()).unwrap_err(), error);
    assert_eq!(
        heap.get_mut(Obj::<Named>::new(node.handle())).err(),
        Some(error)
    );
    assert_eq!(heap.references(node.handle()), Ok(vec![named.handle()]));
    let by_type = vec![("Ref", 0), ("Named", 1), ("Node", 1)];
    assert_eq!(
        heap.stats(),
        HeapStats {
            objects: 2,
            by_type
        }
    );
}

#[test]
fn a_handle_is_good_for_one_heap() {
    let (mut one, mut two) = (Heap::new(), Heap::new());
    let obj = one.alloc(Named("one")).unwrap();
    assert_eq!(two.get(obj).err(), Some(HeapError::WrongVm));
    two.alloc(Named("two")).unwrap();
    assert_eq!(two.get(obj).err(), Some(HeapError::WrongVm));
    assert_eq!(two.free(obj.handle()), Err(HeapError::WrongVm));
    assert_eq!(Value::from(obj).text_with(&two, 9).unwrap(), "(object)");
    assert_eq!(two.downcast::<Named>(&obj.into()), None);
}

#[test]
fn a_handle_is_good_for_one_object() {
    let mut heap = Heap::new();
    let first = heap.alloc(Named("first")).unwrap();
    heap.free(first.handle()).unwrap();
    let second = heap.alloc(Named("second")).unwrap();
    assert_eq!(
        first.handle().index(),
        second.handle().index(),
        "the slot is used again"
    );
    assert_eq!(heap.get(first).err(), Some(HeapError::Reclaimed));
    assert_eq!(heap.get_mut(first).err(), Some(HeapError::Reclaimed));
    assert_eq!(heap.free(first.handle()), Err(HeapError::Reclaimed));
    assert_eq!((heap.get(second).unwrap().0, heap.len()), ("second", 1));
}

#[test]
fn cells_hold_values_and_count() {
    let mut heap = Heap::new();
    heap.set_limit(2);
    let cell = heap.new_ref(Value::Int(1)).unwrap();
    assert_eq!(heap.ref_set(cell, Value::Ref(cell)), Ok(Value::Int(1)));
    assert_eq!(heap.ref_get(cell), Ok(Value::Ref(cell)));
    assert_eq!(heap.references(cell.handle()), Ok(vec![cell.handle()]));
    assert_eq!(
        heap.get_handle::<Named>(cell.handle())
            .err()
            .unwrap()
            .to_string(),
        "expected Named, found Ref"
    );
    let named = heap.alloc(Named("x")).unwrap();
    assert_eq!(heap.new_ref(Value::Undef), Err(HeapError::Full));
    assert_eq!(heap.alloc(Named("y")), Err(HeapError::Full));
    heap.free(cell.handle()).unwrap();
    assert_eq!(heap.ref_get(cell), Err(HeapError::Reclaimed));
    assert!(heap.new_ref(named.into()).is_ok() && !heap.is_empty());
}
