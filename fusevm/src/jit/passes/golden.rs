//! For tests: units in the middle as text, read back, so that what a pass does is seen at a glance.
//!
//! The text is that of listings, as far as tests want it: numbers of values may be left out where there is
//! none, `before b0, else @3` behind the head of a block says what comes before a loop, and exits say
//! `@ip Why [writes]`.

use crate::ext::Reach;
use crate::jit::ir::{
    At, B, Bin, Cond, Exit, Field, Func, Inst, Items, Lib, Loc, Term, Ty, Un, V, Why,
};

/// Runs a pass on a unit; what comes of it is as said, but for indentation.
#[track_caller]
pub(super) fn check<T>(pass: impl Fn(&mut Func) -> T, before: &str, after: &str) {
    let mut f = parse(before);
    pass(&mut f);
    let flat = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (found, wanted) = (flat(&f.to_string()), flat(after));
    assert!(found == wanted, "found\n{}", found.join("\n"));
}

/// What is left of a line.
struct Line<'t> {
    rest: &'t str,
    f: &'t mut Func,
}

pub(super) fn parse(text: &str) -> Func {
    let mut f = Func::default();
    // Numbers in the text are those of the unit.
    let numbers = |sign: char| {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let found = words.filter_map(move |word| word.strip_prefix(sign)?.parse::<u32>().ok());
        found.max().map_or(0, |n| n + 1)
    };
    (0..numbers('v')).for_each(|_| {
        f.value(Inst::Param, Ty::None);
    });
    (0..numbers('b')).for_each(|_| {
        f.block();
    });
    let mut at = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut line = Line {
            rest: line,
            f: &mut f,
        };
        match line.rest.starts_with('b') && line.rest.contains("):") {
            true => at = line.head(),
            false => line.body(at),
        }
        assert!(line.rest.is_empty(), "{} is left", line.rest);
    }
    f
}

impl Line<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.rest.strip_prefix(word);
        found.map(|rest| self.rest = rest.trim_start()).is_some()
    }

    #[track_caller]
    fn want(&mut self, word: &str) {
        assert!(self.take(word), "no {word} in {}", self.rest);
    }

    fn word(&mut self) -> &str {
        let is_inside = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
        let len = self.rest.find(|c| !is_inside(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest.trim_start();
        word
    }

    fn number(&mut self, sign: &str) -> u32 {
        let word = self.word().to_owned();
        let number = word.strip_prefix(sign).and_then(|word| word.parse().ok());
        number.unwrap_or_else(|| panic!("{word} is no number behind {sign}"))
    }

    fn v(&mut self) -> V {
        V(self.number("v"))
    }

    fn vs(&mut self) -> Vec<V> {
        self.want("(");
        let mut all = Vec::new();
        while !self.take(")") {
            all.push(self.v());
            self.take(",");
        }
        all
    }

    fn way(&mut self) -> (B, Vec<V>) {
        (B(self.number("b")), self.vs())
    }

    fn loc(&mut self) -> Loc {
        match self.rest.starts_with('r') {
            true => Loc::Reg(self.number("r") as u16),
            false => Loc::Global(self.number("g")),
        }
    }

    fn ty(&mut self) -> Ty {
        match self.word() {
            "Int" => Ty::Int,
            "Float" => Ty::Float,
            "Bool" => Ty::Bool,
            "Ptr" => Ty::Ptr,
            "Pair" => Ty::Pair,
            other => panic!("{other} is no type"),
        }
    }

    fn exit(&mut self) -> usize {
        self.want("@");
        let ip = self.number("");
        let why = match self.word() {
            "Kind" => Why::Kind,
            "Limit" => Why::Limit,
            "Slow" => Why::Slow,
            "Callee" => Why::Callee,
            "Planned" => Why::Planned,
            "Op" => {
                self.want("(");
                let behind = self.number("");
                self.want(")");
                Why::Op(behind)
            }
            _range => Why::Range,
        };
        let mut writes = Vec::new();
        self.want("[");
        while !self.take("]") {
            let loc = self.loc();
            self.want("=");
            writes.push((loc, self.v()));
        }
        let frames = vec![At::of(0, 0, ip)];
        self.f.exits.push(Exit {
            why,
            frames,
            writes,
        });
        self.f.exits.len() - 1
    }

    fn or_exit(&mut self) -> usize {
        self.take(",");
        self.want("else");
        self.exit()
    }

    fn head(&mut self) -> usize {
        let at = self.number("b") as usize;
        self.want("(");
        while !self.take(")") {
            let v = self.v();
            self.want(":");
            self.f.types[v.0 as usize] = self.ty();
            self.f.blocks[at].params.push(v);
            self.take(",");
        }
        self.want(":");
        if self.take("before") {
            let before = B(self.number("b"));
            let exit = self.or_exit();
            self.f.blocks[at].preheader = Some((before, exit));
        }
        at
    }

    fn body(&mut self, at: usize) {
        if let Some(term) = self.term() {
            self.f.blocks[at].term = term;
            return;
        }
        let is_named = self.rest.starts_with('v');
        let (v, ty) = match is_named {
            true => {
                let v = self.v();
                self.want(":");
                let ty = self.ty();
                self.want("=");
                (v, ty)
            }
            false => (self.f.value(Inst::Param, Ty::None), Ty::None),
        };
        let inst = self.inst();
        self.f.insts[v.0 as usize] = inst;
        self.f.types[v.0 as usize] = ty;
        self.f.blocks[at].insts.push(v);
    }

    fn term(&mut self) -> Option<Term> {
        Some(if self.take("jump") {
            let (to, args) = self.way();
            Term::Jump(to, args)
        } else if self.take("if") {
            let is = self.v();
            let yes = self.way();
            self.want("else");
            Term::Branch(is, yes, self.way())
        } else if self.take("return") {
            Term::Return(self.rest.starts_with('v').then(|| self.v()))
        } else if self.take("leave") {
            Term::Leave(self.exit())
        } else {
            return None;
        })
    }

    fn pair(&mut self) -> (V, V) {
        let a = self.v();
        self.want(",");
        (a, self.v())
    }

    fn inst(&mut self) -> Inst {
        let name = self.word().to_owned();
        if let Ok(n) = name.parse() {
            return Inst::Int(n);
        }
        if let Ok(n) = name.parse::<f64>() {
            return Inst::Float(n.to_bits());
        }
        let bins = [
            Bin::Add,
            Bin::Sub,
            Bin::Mul,
            Bin::Rem,
            Bin::Quot,
            Bin::And,
            Bin::Shl,
            Bin::Shr,
            Bin::FAdd,
            Bin::FMul,
            Bin::FDiv,
            Bin::At8,
        ];
        if let Some(op) = bins.into_iter().find(|op| format!("{op:?}") == name) {
            let (a, b) = self.pair();
            return Inst::Bin(op, a, b);
        }
        let conds = [
            Cond::Eq,
            Cond::Ne,
            Cond::Lt,
            Cond::Le,
            Cond::Gt,
            Cond::Below,
        ];
        if let Some(op) = conds.into_iter().find(|op| format!("{op:?}") == name) {
            let (a, b) = self.pair();
            return Inst::Cmp(op, a, b);
        }
        if let Some(op) = conds.into_iter().find(|op| format!("F{op:?}") == name) {
            let (a, b) = self.pair();
            return Inst::FCmp(op, a, b);
        }
        match name.as_str() {
            "true" => Inst::Bool(true),
            "false" => Inst::Bool(false),
            "Not" => Inst::Un(Un::Not, self.v()),
            "tag" => Inst::Tag(self.loc()),
            "load" => Inst::Load(self.loc()),
            "counted" => Inst::Counted(self.loc()),
            "store" => {
                let loc = self.loc();
                self.want(",");
                Inst::Store(loc, self.v())
            }
            "select" => {
                let is = self.v();
                self.want(",");
                let (a, b) = self.pair();
                Inst::Select(is, a, b)
            }
            "Len" | "End" | "Head" | "Kind" | "Data" => {
                let items = match self.take("(Float)") {
                    true => Items::Float,
                    false => Items::Int,
                };
                self.take("(Int)");
                self.want("of");
                let field = match name.as_str() {
                    "Len" => Field::Len,
                    "End" => Field::End,
                    "Head" => Field::Head,
                    "Kind" => Field::Kind,
                    _data => Field::Data(items),
                };
                Inst::Field(field, self.v())
            }
            "elem" => Inst::Elem(self.v()),
            "set" => {
                self.want("elem");
                let (at, v) = self.pair();
                Inst::SetElem(at, v)
            }
            "guard" => {
                let want = !self.take("not");
                let is = self.v();
                Inst::Guard(is, want, self.or_exit())
            }
            "poll" => Inst::Poll(self.or_exit()),
            "ensure" => {
                let cost = self.number("");
                Inst::Ensure(cost, self.or_exit())
            }
            "turns" => {
                self.want("of");
                let cost = self.number("");
                self.want(",");
                let most = self.number("");
                self.want("at most");
                Inst::Turns(cost, most)
            }
            "spend" => Inst::Spend(self.v()),
            "charge" => {
                let cost = self.number("");
                Inst::Charge(cost, self.or_exit())
            }
            "room" => {
                let window = self.number("r") as u16;
                let deep = self.number("");
                self.want("deep");
                let exit = self.or_exit();
                Inst::Room { window, deep, exit }
            }
            "call" => {
                self.want("#");
                let version = self.number("") as usize;
                let window = self.number("r") as u16;
                let args = self.vs();
                let (deep, after) = (1, self.or_exit());
                Inst::Call {
                    version,
                    window,
                    deep,
                    args,
                    after,
                }
            }
            "native" | "pure" => {
                let pure = name == "pure" && self.take("native");
                let (mut args, mut places) = (Vec::new(), Vec::new());
                self.want("(");
                while !self.take(")") {
                    let place = self.take("&").then(|| self.loc());
                    args.push(match place {
                        Some(_) => V(0),
                        None => self.v(),
                    });
                    places.push(place);
                    self.take(",");
                }
                // One that is given the world is one that may change it.
                let world = self.take("in the world");
                let reach = Reach {
                    world,
                    writes: world,
                    ..Reach::default()
                };
                let exit = self.or_exit();
                Inst::Native {
                    entry: 0,
                    args,
                    places,
                    pure,
                    reach,
                    exit,
                }
            }
            "shape" => {
                let handle = self.v();
                self.want("of");
                let salt = self.v();
                self.want(",");
                Inst::Shape(handle, salt, self.number(""))
            }
            "given" => {
                self.want("to");
                Inst::Given(self.loc())
            }
            "lib" => {
                let lib = match self.word() {
                    "Unshare" => Lib::Unshare,
                    "Fit" => {
                        self.want("(Int)");
                        Lib::Fit(Items::Int)
                    }
                    "Push" => Lib::Push,
                    "Forget" => Lib::Forget,
                    _step => Lib::Step,
                };
                let mut locs = [None; 3];
                for loc in &mut locs {
                    if !self.rest.starts_with('(') {
                        *loc = Some(self.loc());
                    }
                }
                let args = self.vs();
                let exit = self.or_exit();
                Inst::Lib {
                    lib,
                    locs,
                    args,
                    site: 0,
                    exit,
                }
            }
            other => panic!("{other} is no instruction"),
        }
    }
}
