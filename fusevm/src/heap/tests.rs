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
    let stats = heap.stats();
    assert_eq!((stats.objects, stats.by_type), (2, by_type));
}

#[test]
fn a_handle_is_good_for_one_heap() {
    let (mut one, mut two) = (Heap::new(), Heap::new());
    let obj = one.alloc(Named("one")).unwrap();
    assert_eq!(two.get(obj).err(), Some(HeapError::WrongVm));
    two.alloc(Named("two")).unwrap();
    assert_eq!(two.get(obj).err(), Some(HeapError::WrongVm));
    assert_eq!(Value::from(obj).text_with(&two, 9).unwrap(), "(object)");
    assert_eq!(two.downcast::<Named>(&obj.into()), None);
}

#[test]
fn a_handle_is_good_for_one_object() {
    let mut heap = Heap::new();
    let first = heap.alloc(Named("first")).unwrap();
    assert_eq!(heap.collect(|_| {}), Ok(1));
    let second = heap.alloc(Named("second")).unwrap();
    assert_eq!(
        first.handle().index(),
        second.handle().index(),
        "the slot is used again"
    );
    assert_eq!(heap.get(first).err(), Some(HeapError::Reclaimed));
    assert_eq!(heap.get_mut(first).err(), Some(HeapError::Reclaimed));
    assert_eq!(heap.references(first.handle()), Err(HeapError::Reclaimed));
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
    assert_eq!(heap.collect(|roots| named.trace(roots)), Ok(1));
    assert_eq!(heap.ref_get(cell), Err(HeapError::Reclaimed));
    assert!(heap.new_ref(named.into()).is_ok() && !heap.is_empty());
}

#[test]
fn what_the_roots_lead_to_stays_and_cycles_go() {
    let mut heap = Heap::new();
    let ring = |heap: &mut Heap| {
        let first = heap.alloc(Node(Vec::new())).unwrap();
        let second = heap.alloc(Node(vec![first.into()])).unwrap();
        let cell = heap.new_ref(second.into()).unwrap();
        let held = Value::array(vec![Value::hash([("k", cell)])]);
        heap.get_mut(first).unwrap().0.push(held);
        first
    };
    let (kept, lost) = (ring(&mut heap), ring(&mut heap));
    assert_eq!(heap.collect(|roots| roots.mark(kept.handle())), Ok(3));
    assert!(heap.get(kept).is_ok());
    assert_eq!(heap.get(lost).err(), Some(HeapError::Reclaimed));
    let stats = heap.stats();
    assert_eq!(
        (stats.objects, stats.collections, stats.reclaimed),
        (3, 1, 3)
    );
    assert_eq!(heap.collect(|_| {}), Ok(3));
    assert!(heap.is_empty());
}

#[test]
fn a_long_chain_is_marked_and_dropped_without_recursion() {
    let length = if cfg!(miri) { 100 } else { 200_000 };
    let test = move || {
        let mut heap = Heap::new();
        let mut list = heap.alloc(Node(Vec::new())).unwrap();
        for _ in 0..length {
            list = heap.alloc(Node(vec![list.into()])).unwrap();
        }
        assert_eq!(heap.collect(|roots| list.trace(roots)), Ok(0));
        assert_eq!(heap.collect(|_| {}), Ok(length + 1));
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    thread
        .spawn(test)
        .expect("a thread starts")
        .join()
        .expect("the test passes");
}

#[test]
fn handles_of_other_heaps_and_stale_ones_are_no_roots() {
    let (mut heap, mut other) = (Heap::new(), Heap::new());
    let stale = heap.alloc(Named("stale")).unwrap();
    heap.collect(|_| {}).unwrap();
    let foreign = other.alloc(Named("foreign")).unwrap();
    heap.alloc(Named("x")).unwrap();
    assert_eq!(heap.collect(|roots| foreign.trace(roots)), Ok(1));
    heap.alloc(Node(vec![stale.into(), foreign.into()]))
        .unwrap();
    assert_eq!(heap.collect(|_| {}), Ok(1));
}

#[test]
fn a_collection_is_due_at_twice_what_was_alive() {
    struct Large;
    impl Trace for Large {
        fn trace(&self, _: &mut Tracer<'_>) {}
    }
    impl Object for Large {
        const NAME: &'static str = "Large";
        fn bytes(&self) -> usize {
            1 << 20
        }
    }
    let mut heap = Heap::new();
    heap.set_pace(10, 2);
    let mut roots = Vec::new();
    let mut due_after = |heap: &mut Heap, keep: usize| {
        let before = heap.len();
        while !heap.is_due() {
            roots.push(heap.alloc(Named("x")).unwrap());
        }
        roots.truncate(keep);
        let grown = heap.len() - before;
        heap.collect(|tracer| roots.trace(tracer)).unwrap();
        assert_eq!(heap.len(), keep);
        grown
    };
    assert_eq!(due_after(&mut heap, 4), 10);
    assert_eq!(due_after(&mut heap, 14), 10);
    assert_eq!(due_after(&mut heap, 28), 14);
    assert_eq!(due_after(&mut heap, 28), 28);
    // Or by size.
    heap.alloc(Large).unwrap();
    assert!(heap.is_due() && heap.stats().bytes > 1 << 20);
    heap.collect(|_| {}).unwrap();
    assert_eq!(heap.stats().bytes, 0);
    heap.set_pace(0, 1);
    assert!(heap.is_due(), "at once, and always");
}

#[test]
fn what_large_values_take_counts() {
    let mut heap = Heap::new();
    let text = Value::str("x".repeat(1 << 19));
    // In cells from the start, or later.
    for turn in 0..100 {
        match turn % 2 {
            0 => drop(heap.new_ref(text.clone()).unwrap()),
            _ => {
                let cell = heap.new_ref(Value::Undef).unwrap();
                heap.ref_set(cell, text.clone()).unwrap();
            }
        }
        if heap.is_due() {
            heap.collect(|_| {}).unwrap();
        }
        assert!(heap.len() <= 2, "half a megabyte each");
    }
    let list = Value::array(vec![0; 1000]);
    assert_eq!((list.storage(), Value::Int(1).storage()), (16_000, 0));
}

#[test]
fn at_the_limit_a_collection_has_to_help() {
    let mut heap = Heap::new();
    heap.set_limit(160);
    let mut roots = Vec::new();
    let mut fill = |heap: &mut Heap, keep: usize| {
        while let Ok(named) = heap.alloc(Named("x")) {
            roots.push(named);
        }
        assert!(heap.is_due());
        roots.truncate(keep);
        heap.collect(|tracer| roots.trace(tracer))
    };
    assert_eq!(fill(&mut heap, 150), Ok(10));
    assert_eq!(fill(&mut heap, 151), Err(HeapError::Full));
    assert_eq!(fill(&mut heap, 100), Ok(60));
    // Well before the limit, so that an op still finds room.
    while !heap.is_due() {
        heap.alloc(Named("x")).unwrap();
    }
    assert_eq!(heap.len(), 150);
}

#[test]
fn an_object_that_panics_when_dropped_leaves_the_heap_whole() {
    struct Bad;
    impl Trace for Bad {
        fn trace(&self, _: &mut Tracer<'_>) {}
    }
    impl Object for Bad {
        const NAME: &'static str = "Bad";
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("no");
        }
    }
    let mut heap = Heap::new();
    heap.alloc(Bad).unwrap();
    let named = heap.alloc(Named("x")).unwrap();
    let collect = std::panic::AssertUnwindSafe(|| heap.collect(|roots| named.trace(roots)));
    assert!(std::panic::catch_unwind(collect).is_err());
    assert_eq!((heap.len(), heap.get(named).unwrap().0), (1, "x"));
    assert_eq!(heap.collect(|_| {}), Ok(1));
}
