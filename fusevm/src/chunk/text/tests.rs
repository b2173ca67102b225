//! Round trips, a text as people write it, and messages.

use super::super::wire::sample::{Random, everything};
use super::super::{Chunk, FunctionEntry, Place};
use crate::op::Op;
use crate::semantics::Overflow;
use crate::value::{Array, Value};

fn survives(chunk: &Chunk, seed: u64) {
    for text in [chunk.to_string(), chunk.listing()] {
        let read = Chunk::parse(&text).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
        assert!(read == *chunk, "seed {seed}\n{text}\n{read}");
    }
}

#[test]
#[cfg_attr(
    miri,
    ignore = "minutes of it, and the smaller tests walk the same code"
)]
fn chunks_survive_their_text() {
    survives(&Chunk::default(), 0);
    survives(&everything(), 0);
    for seed in 0..2_000 {
        let mut r = Random::new(seed);
        let ops = r.below(60);
        survives(&r.chunk(ops), seed);
    }
}

const SAMPLE: &str = r#"source "fib.calc"
language calc
policy overflow=trap
import add_imm v2 (imm i32, imm label, Float, Any?) -> Float | (Str, Int)
fn fib/1
block @b0 @b0_end

  LoadInt 30              .at 1:5 4..6
  Call fib, 1             .at 1:1 0..7
  ext add_imm -5, L4
  LoadConst {"k": [1, 2.5, undef, status(-1)], "x y": "\n"} .line 2
L4:
  LoadFloat nan(0x7ff8000000000001)
  Jump L13

fib:
  SetSlot 0               .line 7
  GetVar "two words"
b0:
  SlotLtIntJumpIfFalse 0, -3, b0_end
  Print 1
  CallBuiltin 7, 0
  MapBlock 0
b0_end:
  ReturnValue
L13:
"#;

#[test]
fn a_listing_prints_as_it_is_written() {
    let chunk = Chunk::parse(SAMPLE).unwrap();
    assert_eq!(chunk.to_string(), SAMPLE);
    assert_eq!(
        (chunk.source(), chunk.language()),
        ("fib.calc", Some("calc"))
    );
    assert_eq!(chunk.policy().overflow, Overflow::Trap);
    assert_eq!(chunk.names(), ["fib", "two words"]);
    let (name, pc, arity) = (0, 6, Some(1));
    assert_eq!(chunk.functions(), [FunctionEntry { name, pc, arity }]);
    assert_eq!(chunk.blocks().first(), Some(&(8..12)));
    assert_eq!(chunk.packed(2), Some((0, 0xffff_fffb | 4 << 32)));
    assert_eq!(chunk.ops()[5], Op::Jump(13));
    assert_eq!((chunk.line(1), chunk.line(5), chunk.line(12)), (1, 2, 7));
    let (column, start, end) = (1, 0, 7);
    assert_eq!(chunk.place(2), Some(Place { column, start, end }));
    assert_eq!(chunk.place(3), None);
    assert!(chunk.listing().contains("; 12\n"));
}

#[test]
fn texts_need_no_ceremony() {
    let text = "
        const 1, -0.0, \"a\"  ; three
        .line 4
        top: again: LoadConst \"a\"; not a string
        LoadConst #1
        LoadFloat 3
        .at 5:6 7..8
        ReturnValue
        Jump again
        Jump @9
        GetVar größe .line 9";
    let chunk = Chunk::parse(text).unwrap();
    let floats = chunk.constants()[1].as_float().map(f64::to_bits);
    assert_eq!(floats, Some(1 << 63));
    let ops = [
        Op::LoadConst(2),
        Op::LoadConst(1),
        Op::LoadFloat(3.0),
        Op::ReturnValue,
        Op::Jump(0),
        Op::Jump(9),
        Op::GetVar(0),
    ];
    assert_eq!(chunk.ops(), ops);
    assert_eq!((chunk.line(0), chunk.line(3), chunk.line(6)), (4, 5, 9));
    assert_eq!(chunk.place(5).map(|p| p.end), Some(8));
    assert!(Chunk::parse(&text.replace('\n', "\r\n")).unwrap() == chunk);
}

#[test]
fn errors_name_what_was_expected() {
    let table = [
        ("Adx", "1:1: no op `Adx`; did you mean `Add`?"),
        (
            "\n  getvar x",
            "2:3: no op `getvar`; did you mean `GetVar`?",
        ),
        ("quux", "1:1: no op `quux`"),
        ("Add 1", "1:5: expected the end of the line, found `1`"),
        (
            "GetSlot 65536",
            "1:9: expected a slot (`s` of `GetSlot`) from 0 to 65535, found `65536`",
        ),
        (
            "GetSlot",
            "1:8: expected a slot (`s` of `GetSlot`), found the end of the line",
        ),
        (
            "Call f",
            "1:7: expected `,` and a count (`argc` of `Call`), found the end of the line",
        ),
        (
            "GetVar 3",
            "1:8: expected a name or its index `#1` (`name` of `GetVar`), found `3`",
        ),
        (
            "LoadConst",
            "1:10: expected a constant or its index `#1` (`k` of `LoadConst`), found the end of the line",
        ),
        (
            "LoadConst [1, <Func>]",
            "1:15: expected a constant, found `<`",
        ),
        ("LoadConst [1 2]", "1:14: expected `,` or `]`, found `2`"),
        (
            "LoadConst {a: 1, \"a\": 2}",
            "1:23: the key of this value is there twice",
        ),
        ("LoadConst 1e400", "1:11: expected a number, found `1e400`"),
        (
            "LoadFloat nan(0x1)",
            "1:15: expected the bits of a NaN, `0x…`, found `0x1`",
        ),
        (
            "é: GetVar \"x",
            "1:11: quoted text without its closing `\"`",
        ),
        (
            "GetVar \"\\q\"",
            "1:9: expected one of `\\n`, `\\r`, `\\t`, `\\0`, `\\\"`, `\\\\`, `\\u{1f600}`",
        ),
        (
            "loop:\nJump lop",
            "2:6: no label `lop`; did you mean `loop`?",
        ),
        ("x:\nx:", "2:1: label `x` is there twice"),
        (
            "Jump 3",
            "1:6: expected a label or `@12` (`to` of `Jump`), found `3`",
        ),
        (
            "ext foo",
            "1:5: no import `foo`: declare it with `import` before the ops",
        ),
        (
            "import f (A) -> A",
            "1:10: expected a version like `v1`, found `(`",
        ),
        (
            "import f v1 (imm int) -> A",
            "1:18: expected one of `u8`, `i8`, `i32`, `u32`, `bool`, `enum`, `label`, `slot`, `name`, `function`, `block`, `text`, `count`, found `int`",
        ),
        (
            "policy overflow=never",
            "1:17: expected one of `wrap`, `trap`, `promote`, found `never`",
        ),
        (
            "policy speed=high",
            "1:8: expected `overflow`, `zero_div`, `unset` or `operands`, found `speed`",
        ),
        (
            "fn f",
            "1:4: no label `f` at the entry of the function, and no `@`",
        ),
        ("Nop .lin 3", "1:5: expected `.line` or `.at`, found `.lin`"),
        (
            "Nop\nlanguage x",
            "2:1: `language` must stand before the ops",
        ),
        (
            "GetVar #65536",
            "1:8: expected an index from `#0` to `#65535`, found `#65536`",
        ),
        ("Nop $", "1:5: unexpected character '$'"),
        (
            "= 3",
            "1:1: expected an op, a label or a declaration, found `=`",
        ),
    ];
    for (text, message) in table {
        match Chunk::parse(text) {
            Ok(chunk) => panic!("{text:?} parses as {chunk}"),
            Err(error) => assert_eq!(error.to_string(), message, "{text:?}"),
        }
    }
}

#[test]
#[cfg_attr(
    miri,
    ignore = "minutes of it, and the smaller tests walk the same code"
)]
fn deep_long_and_hostile_texts() {
    let test = || {
        let mut deep = Value::Undef;
        for _ in 0..100_000 {
            deep = Value::array(vec![deep]);
        }
        let chunk = Chunk {
            constants: vec![deep, Value::array(Array::new())],
            ..Chunk::default()
        };
        let text = chunk.to_string();
        assert!(Chunk::parse(&text).unwrap() == chunk);
        assert!(Chunk::parse(&text[..text.len() / 2]).is_err());
        // A long name that many ops mention stands once.
        let many = 1000;
        let chunk = Chunk {
            names: vec!["n".repeat(10 * many).into()],
            ops: vec![Op::GetVar(0); many],
            lines: vec![0; many],
            ..Chunk::default()
        };
        let text = chunk.to_string();
        assert!(text.len() < 30 * many + 100 && Chunk::parse(&text).unwrap() == chunk);
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    thread
        .spawn(test)
        .expect("a thread starts")
        .join()
        .expect("no overflow");
}

#[test]
#[cfg_attr(
    miri,
    ignore = "minutes of it, and the smaller tests walk the same code"
)]
fn damaged_texts_do_not_panic() {
    let text: Vec<char> = (SAMPLE.chars())
        .chain(everything().to_string().chars())
        .collect();
    for seed in 0..3_000 {
        let mut r = Random::new(seed);
        let from = r.below(text.len());
        let mut some: Vec<char> = text[from..].iter().take(400).copied().collect();
        for _ in 0..r.below(4) {
            let at = r.below(some.len());
            some[at] = ['"', '\\', '#', '@', '-', '.', '9', 'é', ';', '[', ' '][r.below(11)];
        }
        let some: String = some.into_iter().collect();
        if let Ok(chunk) = Chunk::parse(&some) {
            survives(&chunk, seed);
        }
    }
}
