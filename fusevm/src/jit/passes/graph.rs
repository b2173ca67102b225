//! The graph of a unit: who comes before whom, and its loops.

use crate::jit::flow::{Bits, dominators_of};
use crate::jit::ir::{B, Field, Func, Inst, Lib, Loc, V};

/// A natural loop.
#[derive(Debug)]
pub(super) struct Loop {
    /// Places of its blocks in the order.
    pub(super) blocks: Bits,
    pub(super) header: usize,
    pub(super) latches: Vec<usize>,
}

impl Loop {
    /// What its instructions write.
    pub(super) fn writes(&self, f: &Func, graph: &Graph) -> Writes {
        let mut writes = Writes::default();
        for at in self.blocks.iter() {
            for v in &f.blocks[graph.order[at].0 as usize].insts {
                writes.add(f.inst(*v));
            }
        }
        writes
    }
}

/// The graph, by places in reverse postorder. It is good as long as no block ends otherwise.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) order: Vec<B>,
    /// The place of each block, by number; behind all others for one that control does not reach.
    places: Vec<usize>,
    preds: Preds,
    /// For each block the number it has where each block comes right before those that it dominates, and the
    /// number of the first one behind those.
    reach: Vec<(usize, usize)>,
    /// Inner ones come before those around them.
    pub(super) loops: Vec<Loop>,
}

impl Graph {
    pub(super) fn of(f: &Func) -> Graph {
        let order = f.order();
        let mut places = vec![usize::MAX; f.blocks.len()];
        for (at, b) in order.iter().enumerate() {
            places[b.0 as usize] = at;
        }
        let preds = Preds::of(f, &order, &places);
        let idom = dominators_of(order.len(), |at| preds.of_block(at));
        let mut graph = Graph {
            order,
            places,
            preds,
            reach: reach(&idom),
            loops: Vec::new(),
        };
        for header in (0..graph.order.len()).rev() {
            let latches: Vec<usize> = (graph.preds(header).iter().copied())
                .filter(|pred| *pred >= header && graph.dominates(header, *pred))
                .collect();
            if latches.is_empty() {
                continue;
            }
            let mut blocks = Bits::new(graph.order.len());
            blocks.put(header);
            let mut open = latches.clone();
            while let Some(at) = open.pop() {
                if !blocks.has(at) {
                    blocks.put(at);
                    open.extend(graph.preds(at));
                }
            }
            graph.loops.push(Loop {
                blocks,
                header,
                latches,
            });
        }
        graph
    }

    /// The blocks from which there is a way to one.
    pub(super) fn preds(&self, at: usize) -> &[usize] {
        self.preds.of_block(at)
    }

    /// The place of a block, if control reaches it.
    pub(super) fn place(&self, b: B) -> Option<usize> {
        let place = self.places.get(b.0 as usize).copied();
        place.filter(|place| *place < self.order.len())
    }

    pub(super) fn dominates(&self, a: usize, b: usize) -> bool {
        let (first, end) = self.reach[a];
        (first..end).contains(&self.reach[b].0)
    }

    /// The block in which each value is defined, by place.
    pub(super) fn defined(&self, f: &Func) -> Vec<usize> {
        let mut defined = vec![0; f.insts.len()];
        for (at, b) in self.order.iter().enumerate() {
            let block = &f.blocks[b.0 as usize];
            for v in block.params.iter().chain(&block.insts) {
                defined[v.0 as usize] = at;
            }
        }
        defined
    }
}

/// For each block those before it: all in a row, and where those of each begin.
#[derive(Debug)]
struct Preds {
    all: Vec<usize>,
    begins: Vec<usize>,
}

impl Preds {
    fn of(f: &Func, order: &[B], places: &[usize]) -> Preds {
        let mut begins = vec![0; order.len() + 1];
        for b in order {
            let succs = f.blocks[b.0 as usize].term.succs();
            succs.for_each(|to| begins[places[to.0 as usize]] += 1);
        }
        let mut end = 0;
        for begin in &mut begins {
            end += *begin;
            *begin = end;
        }
        // From behind, so that they come in order.
        let mut all = vec![0; end];
        for (at, b) in order.iter().enumerate().rev() {
            for to in f.blocks[b.0 as usize].term.succs() {
                let begin = &mut begins[places[to.0 as usize]];
                *begin -= 1;
                all[*begin] = at;
            }
        }
        Preds { all, begins }
    }

    fn of_block(&self, at: usize) -> &[usize] {
        &self.all[self.begins[at]..self.begins[at + 1]]
    }
}

/// What each block dominates, from the immediate dominators, by places in reverse postorder: those come before.
fn reach(idom: &[usize]) -> Vec<(usize, usize)> {
    let mut sizes = vec![1; idom.len()];
    for at in (1..idom.len()).rev() {
        sizes[idom[at]] += sizes[at];
    }
    let mut reach = vec![(0, idom.len()); idom.len()];
    // Where what comes next below a block begins.
    let mut next = vec![1; idom.len()];
    for at in 1..idom.len() {
        let first = next[idom[at]];
        next[idom[at]] += sizes[at];
        reach[at] = (first, first + sizes[at]);
        next[at] = first + 1;
    }
    reach
}

/// A part of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Loc(Loc),
    /// Headers of arrays.
    Headers,
    /// Of headers, what stays when something is appended: the form, and what was shifted out.
    Forms,
    /// Elements of arrays.
    Elems,
    /// How many hold an array.
    Counts,
    /// Shapes of objects, and where their fields are.
    Shapes,
}

/// Parts of memory that something may write.
#[derive(Clone, Debug, Default)]
pub(super) struct Writes {
    locs: Vec<Loc>,
    /// All registers from there on.
    from: Option<u16>,
    globals: bool,
    headers: bool,
    forms: bool,
    elems: bool,
    counts: bool,
    shapes: bool,
}

impl Writes {
    pub(super) fn of(inst: &Inst) -> Writes {
        let mut writes = Writes::default();
        writes.add(inst);
        writes
    }

    pub(super) fn add(&mut self, inst: &Inst) {
        match inst {
            Inst::Store(loc, _) | Inst::Copy(_, loc) | Inst::CopyFrom(_, loc) => {
                self.locs.push(*loc);
            }
            Inst::Given(loc) => self.locs.push(*loc),
            Inst::Native {
                places,
                pure,
                reach,
                ..
            } => {
                // It may keep a copy of what it looks at, or drop one that it has kept; what it takes is there no
                // longer.
                self.counts |= reach.world || !pure && places.iter().any(Option::is_some);
                if reach.takes || reach.slot.is_some() {
                    self.locs.extend(places.iter().flatten());
                }
                if reach.writes {
                    self.shapes = true;
                    self.elems = true;
                }
            }
            Inst::SetElem(..) | Inst::ElemStore(..) | Inst::CopyTo(..) => self.elems = true,
            Inst::Lib {
                lib, locs, args, ..
            } => self.add_lib(*lib, locs, args.len()),
            Inst::Call { window, .. } => self.all(*window),
            _other => {}
        }
    }

    fn add_lib(&mut self, lib: Lib, locs: &[Option<Loc>; 3], args: usize) {
        match lib {
            // What is copied stays what it is.
            Lib::Copy | Lib::Share(_) | Lib::Element => self.locs.extend(locs[1]),
            Lib::HashGet { takes: false } | Lib::HashExists { takes: false } => {
                self.locs.extend(locs[2]);
            }
            Lib::Array(n) => {
                if let Some(Loc::Reg(a)) = locs[0] {
                    self.locs.extend((a..a + n.max(1)).map(Loc::Reg));
                }
            }
            // Nobody else has the array: it stays where it is.
            Lib::Push | Lib::Fill | Lib::Fit(_) | Lib::Reserve => {}
            _others => self.locs.extend(locs.iter().flatten()),
        }
        match lib {
            Lib::Unshare | Lib::Push => {
                self.headers = true;
                self.elems = true;
                // Where the header is given, the form is known to be right.
                self.forms |= args <= 1 && lib == Lib::Push;
            }
            Lib::Fill => {
                self.headers = true;
                self.elems = true;
            }
            Lib::Reserve => self.headers = true,
            Lib::Fit(_) => {
                self.headers = true;
                self.forms = true;
            }
            // What they change is no array, and nobody has what they make but for an array without elements, which is never
            // changed where it is.
            Lib::Append | Lib::Array(_) | Lib::Join { .. } | Lib::Extend { .. } => {}
            Lib::Forget
            | Lib::Next
            | Lib::Answer
            | Lib::Release
            | Lib::Copy
            | Lib::Share(_)
            | Lib::Move(_)
            | Lib::Element => {
                self.counts = true;
            }
            Lib::HashGet { .. } | Lib::HashExists { .. } | Lib::HashSet(_) => self.counts = true,
            Lib::Make(_) => self.shapes = true,
            Lib::SetField => {
                self.shapes = true;
                self.elems = true;
                self.counts = true;
            }
            Lib::Step | Lib::Out => self.all(0),
        }
    }

    fn all(&mut self, from: u16) {
        self.from = Some(self.from.map_or(from, |old| old.min(from)));
        self.globals = true;
        self.headers = true;
        self.forms = true;
        self.elems = true;
        self.counts = true;
        self.shapes = true;
    }

    pub(super) fn has(&self, part: Part) -> bool {
        match part {
            Part::Loc(loc) => {
                self.locs.contains(&loc)
                    || match loc {
                        Loc::Reg(r) => self.from.is_some_and(|from| r >= from),
                        Loc::Global(_) => self.globals,
                    }
            }
            Part::Headers => self.headers,
            Part::Forms => self.forms,
            Part::Elems => self.elems,
            Part::Counts => self.counts,
            Part::Shapes => self.shapes,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.locs.is_empty()
            && self.from.is_none()
            && !(self.globals || self.headers || self.forms)
            && !(self.elems || self.counts || self.shapes)
    }
}

/// The part of memory that an instruction reads, for those whose value is a function of that and of their
/// operands.
pub(super) fn reads(inst: &Inst) -> Option<Part> {
    Some(match inst {
        Inst::Tag(loc) | Inst::Load(loc) | Inst::Counted(loc) => Part::Loc(*loc),
        Inst::Handle(loc) | Inst::Salt(loc) => Part::Loc(*loc),
        Inst::Shape(..) | Inst::Beside(..) => Part::Shapes,
        Inst::Field(Field::Slots | Field::SlotCount, _) => Part::Shapes,
        Inst::Field(Field::Kind | Field::Head, _) => Part::Forms,
        Inst::Field(..) => Part::Headers,
        Inst::Elem(_) | Inst::ElemTag(_) | Inst::ElemLoad(_) => Part::Elems,
        _other => return None,
    })
}

/// The parts of memory that an op may see which is shown what is at these places.
pub(super) fn seen_through(places: &[Option<Loc>]) -> Vec<Part> {
    let mut seen: Vec<Part> = places.iter().flatten().map(|loc| Part::Loc(*loc)).collect();
    if !seen.is_empty() {
        seen.extend([Part::Headers, Part::Forms, Part::Elems, Part::Shapes]);
    }
    seen
}

/// Replaces values by others, everywhere.
pub(super) fn replace(f: &mut Func, with: &[V]) {
    f.each_use(|v| {
        while with[v.0 as usize] != *v {
            *v = with[v.0 as usize];
        }
    });
}
