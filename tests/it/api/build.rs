//! What a builder says to front ends that go wrong, all at once; and what it makes of spans.

use super::chunk;
use fusevm::{BuildError, BuildErrors, Diagnostic, prelude::*};

fn errors(build: impl FnOnce(&mut Builder<()>)) -> BuildErrors {
    let mut b = Builder::new();
    build(&mut b);
    b.finish().expect_err("it is refused")
}

fn texts(build: impl FnOnce(&mut Builder<()>)) -> Vec<String> {
    errors(build).iter().map(ToString::to_string).collect()
}

#[test]
fn a_pool_holds_65536_entries() {
    let constants = |n: usize| {
        let mut b = Builder::<()>::new();
        for i in 0..n {
            b.line(i as u32).load(format!("text {i}"));
            b.emit(Op::Pop);
        }
        // A text that was there before needs no place.
        b.load("text 7");
        b.finish()
    };
    let full = constants(65_536).unwrap();
    assert_eq!(full.constants().len(), 65_536);
    assert!(Program::new(full).is_ok());
    let errors = constants(65_540).unwrap_err();
    let all: Vec<_> = errors.iter().cloned().collect();
    let (pool, line) = ("constants", 65_536);
    assert_eq!(all, [BuildError::PoolFull { pool, line }], "told once");
    assert_eq!(
        errors.to_string(),
        "line 65536: more than 65536 constants in one chunk"
    );
    let names = texts(|b| {
        for i in 0..=65_536 {
            b.get_var(&format!("x{i}"));
            b.emit(Op::Pop);
        }
    });
    assert_eq!(names, ["line 1: more than 65536 names in one chunk"]);
}

#[test]
fn labels() {
    assert_eq!(
        texts(|b| {
            let never = b.label();
            let twice = b.label_here();
            b.line(3).jump(never);
            b.line(4).bind(twice);
        }),
        [
            "line 4: label bound twice",
            "line 3: jump to a label that is bound nowhere"
        ]
    );
    let elsewhere = texts(|b| {
        let outside = b.label_here();
        let f = b.begin_fn("f", &[] as &[&str]);
        b.line(9).jump(outside);
        b.end_fn(f);
    });
    assert_eq!(
        elsewhere,
        ["line 9: jump to a label in another function or block"]
    );
    // A label that nobody jumps to needs no place.
    let unused = chunk(|b| {
        b.label();
        b.load(1);
    });
    assert_eq!(VM::empty().eval(unused).unwrap(), Value::Int(1));
}

#[test]
fn targets_and_ext_ops_by_number() {
    let raw = texts(|b| {
        b.line(2).emit(Op::Jump(0));
        b.line(3).emit(Op::JumpIfFalse(7));
        b.line(4).emit(Op::Extended(0, 0));
        b.line(5).emit(Op::ExtendedWide(0, 0));
    });
    assert_eq!(raw.len(), 4);
    assert!(raw[0].starts_with("line 2: `Jump` was emitted with an absolute target: use a label"));
    assert!(raw[1].starts_with("line 3: `JumpIfFalse`"));
    assert_eq!(
        raw[2],
        "line 4: an ext op was emitted by number: use `op` with the op's struct"
    );
    assert!(raw[3].starts_with("line 5"));
}

#[test]
fn functions_and_blocks_that_do_not_end_as_they_began() {
    let unbalanced = "functions and blocks must end innermost first, and all of them";
    let crossed = texts(|b| {
        let f = b.begin_fn("f", &[] as &[&str]);
        let block = b.begin_block();
        b.load(1);
        b.line(4).end_fn(f);
        b.line(5).end_block(block);
    });
    assert!(!crossed.is_empty());
    assert_eq!(crossed[0], format!("line 4: {unbalanced}"));
    let open = texts(|b| {
        let _never_ended = b.begin_fn("f", &[] as &[&str]);
    });
    assert_eq!(open, [format!("line 1: {unbalanced}")]);
    let twice = texts(|b| {
        for line in [2, 6] {
            b.line(line);
            let f = b.begin_fn("f", &[] as &[&str]);
            b.end_fn(f);
        }
    });
    assert_eq!(twice, ["line 6: function `f` is defined twice"]);
}

#[test]
fn numbers_that_do_not_fit() {
    let all = texts(|b| {
        b.line(1).get_slot(65_536);
        b.line(2).call("f", 256);
        b.line(3).print(1000);
        b.line(4).make_array(65_536);
        b.line(5).make_hash(32_768);
        let params: Vec<String> = (0..256).map(|i| format!("p{i}")).collect();
        b.line(6);
        let f = b.begin_fn("f", &params);
        b.end_fn(f);
    });
    assert_eq!(
        all,
        [
            "line 1: slot 65536 is past 65535",
            "line 2: argument count 256 is past 255",
            "line 3: argument count 1000 is past 255",
            "line 4: array literal of length 65536 is past 65535",
            "line 5: hash literal of length 65536 is past 65535",
            "line 6: argument count 256 is past 255",
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let all = texts(|b| {
        let label = b.label_here();
        b.bind(label);
        b.emit(Op::Jump(0));
        b.get_slot(1 << 20);
        let open = b.label();
        b.jump(open);
        let _never_ended = b.begin_block();
    });
    assert_eq!(all.len(), 5, "{all:?}");
}

#[test]
fn what_a_front_end_left_open_after_its_own_error_is_no_news() {
    let errors = errors(|b| {
        b.report(Diagnostic::at(3..5, "no such variable"));
        b.get_slot(1 << 20);
        let end = b.label();
        b.jump(end);
        let _never_ended = b.begin_fn("f", &[] as &[&str]);
        b.report(Diagnostic::new("and no end"));
    });
    assert_eq!(
        errors.to_string(),
        "no such variable\nline 1: slot 1048576 is past 65535\nand no end"
    );
    assert_eq!(errors.iter().next().unwrap().span(), Some(3..5));
    assert!(!errors.is_incomplete());
    let more = self::errors(|b| b.report(Diagnostic::new("end of input").incomplete()));
    assert!(more.is_incomplete());
    // What is wrong already stays so.
    let both = self::errors(|b| {
        b.report(Diagnostic::new("no such variable"));
        b.report(Diagnostic::new("end of input").incomplete());
    });
    assert!(!both.is_incomplete());
}

#[test]
fn spans_lines_and_columns() {
    let source = "a = 1\n\n  größer = a\nlast";
    let mut b = Builder::<()>::with_source("x", source);
    let at = |part: &str| source.find(part).unwrap();
    for span in [
        0..1,
        4..5,
        at("größer")..at(" = a"),
        at("last")..source.len(),
    ] {
        b.at(span).emit(Op::Nop);
    }
    b.at(at("= a")..at("= a") + 1).emit(Op::Nop);
    // Past the end, and in the middle of a character: no harm.
    b.at(source.len() + 10..usize::MAX).emit(Op::Nop);
    let inside = at("ö") + 1;
    b.at(inside..inside + 1).emit(Op::Nop);
    b.line(77).emit(Op::Nop);
    let chunk = b.finish().unwrap();
    let places: Vec<_> = (0..5)
        .map(|pc| (chunk.line(pc), chunk.place(pc).unwrap().column))
        .collect();
    assert_eq!(places, [(1, 1), (1, 5), (3, 3), (4, 1), (3, 10)]);
    assert_eq!((chunk.line(7), chunk.place(7)), (77, None));
    assert_eq!(chunk.source(), "x");
}

#[test]
fn functions_and_blocks_stand_anywhere() {
    let program = chunk(|b| {
        let f = b.begin_fn("outer", &["x"]);
        let inner = b.begin_fn("inner", &["y"]);
        b.get_slot(0);
        b.load(2);
        b.emit(Op::Mul);
        b.emit(Op::ReturnValue);
        b.end_fn(inner);
        b.get_slot(0);
        b.call("inner", 1);
        b.emit(Op::ReturnValue);
        b.end_fn(f);
        b.load(vec![1, 2, 3]);
        let block = b.begin_block();
        b.call("outer", 1);
        let block = b.end_block(block);
        b.emit(Op::MapBlock(block.0));
    });
    let doubled = VM::empty().eval(program).unwrap();
    assert_eq!(doubled, Value::array(vec![2, 4, 6]));
}
