//! What each word of forth does.

use super::Forth;
use fusevm::{Frontend, Language, SharedBuffer, Vm, compile};

/// What sources leave on the stack behind what they print.
const CASES: &[(&str, &str)] = &[
    // The stack.
    ("1 dup", "1 1"),
    ("1 2 drop", "1"),
    ("1 2 swap", "2 1"),
    ("1 2 over", "1 2 1"),
    ("1 2 3 rot", "2 3 1"),
    ("1 2 3 -rot", "3 1 2"),
    ("1 2 2dup", "1 2 1 2"),
    ("1 2 3 2drop", "1"),
    ("1 2 3 4 2swap", "3 4 1 2"),
    ("1 2 3 4 2over", "1 2 3 4 1 2"),
    ("0 ?dup 5 ?dup", "0 5 5"),
    ("7 8 9 0 pick 2 pick", "7 8 9 9 8"),
    ("7 8 9 2 roll 0 roll", "8 9 7"),
    ("depth 5 depth", "0 5 2"),
    // Numbers.
    ("2 3 + 9223372036854775807 1 +", "5 -9223372036854775808"),
    ("2 3 - 4 5 *", "-1 20"),
    ("7 2 / -7 2 / 7 -2 / -7 -2 /", "3 -4 -4 3"),
    ("7 2 mod -7 2 mod 7 -2 mod -7 -2 mod", "1 1 -1 -1"),
    ("-7 2 /mod", "1 -4"),
    ("$8000000000000000 -1 /", "-9223372036854775808"),
    ("9223372036854775807 10 20 */", "4611686018427387903"),
    ("1 1+ 1- 3 2* -3 2/", "1 6 -2"),
    ("5 negate -5 abs", "-5 5"),
    ("2 3 min 2 3 max", "2 3"),
    ("%1100 %1010 and %1100 %1010 or %1100 %1010 xor", "8 14 6"),
    ("0 invert", "-1"),
    ("1 4 lshift 1 64 lshift -1 60 rshift", "16 0 15"),
    // Comparisons.
    ("1 2 = 2 2 = 1 2 <> 2 2 <>", "0 -1 -1 0"),
    ("1 2 < 2 2 < 2 1 >", "-1 0 -1"),
    ("1 2 <= 2 2 <= 3 2 <=", "-1 -1 0"),
    ("1 2 >= 2 2 >= 3 2 >=", "0 -1 -1"),
    ("-1 1 u< 1 -1 u<", "0 -1"),
    ("0 0= 1 0= 0 0<> 5 0<>", "-1 0 0 -1"),
    ("-1 0< 0 0< 1 0> 0 0>", "-1 0 -1 0"),
    ("true false bl", "-1 0 32"),
    // Memory.
    ("variable x x @ 5 x ! x @ 3 x +! x @", "0 5 8"),
    (
        "create x 1 , 2 , x @ x cell+ @ here x - 2 cells =",
        "1 2 -1",
    ),
    ("create x 3 c, 4 c, x c@ x 1+ c@ 260 x c! x c@", "3 4 4"),
    (
        "create x 8 allot x 8 255 fill x @ -8 allot here x =",
        "-1 -1",
    ),
    (
        "create x 3 allot s\" abc\" x swap move x 2 + c@ x x 1+ 2 move x 2 + c@",
        "99 98",
    ),
    ("s\" ab\" s\" b\" compare s\" b\" s\" ab\" compare", "-1 1"),
    ("5 constant five five 6 value six six 7 to six six", "5 6 7"),
    // Control.
    (": f if 1 else 2 then ; 0 f 5 f", "2 1"),
    (": f 0= if 1 exit then 2 ; 0 f 5 f", "1 2"),
    (": f 3 begin dup while dup 1- repeat ; f", "3 2 1 0"),
    (": f 1 begin 2* dup 100 > until ; f", "128"),
    (": f 0 begin 1+ dup 5 = if exit then again ; f", "5"),
    (": f 0 swap 0 ?do i + loop ; 5 f 0 f", "10 0"),
    (
        ": f 3 0 do i 10 3 do j i + 5 +loop loop ; f",
        "0 3 8 1 4 9 2 5 10",
    ),
    (": f 5 0 do i i 2 = if leave then loop 9 ; f", "0 1 2 9"),
    (": f 5 0 do i 2 = if i unloop exit then loop 9 ; f", "2"),
    (": f 2 5 do i -1 +loop ; f", "5 4 3 2"),
    (": f 9223372036854775807 dup 2 - do i 1 and loop ; f", "1 0"),
    (
        ": f case 1 of 10 endof 2 of 20 endof 30 swap endcase ; 1 f 2 f 3 f",
        "10 20 30",
    ),
    (": f 1 2 >r r@ swap r> ; f", "2 1 2"),
    (": f dup 1 > if dup 1- recurse * then ; 5 f", "120"),
    (
        ": f 1 ; : g ['] f ' f = ; g ' f execute ' + 2 3 rot execute",
        "-1 1 5",
    ),
    ("1 0 abort\" never\"", "1"),
    ("char a [char] B 'c' 'D'", "97 66 99 68"),
    ("1 2 exit 3", "1 2"),
    ("1 ( of ) \\ three\n2", "1 2"),
    // Names: of case, known later, defined twice, defined anew.
    (": Up 1 ; UP up", "1 1"),
    (": f g ; : g 1 ; f", "1"),
    (": f 1 ; : g f ; : f 2 ; f g", "2 1"),
    (": f 1 ; : f f 1+ ; f", "2"),
    ("1 constant x : g x ; 2 constant x x g", "2 1"),
    (": nip 5 ; nip", "5"),
    // The prelude.
    ("1 2 nip 3 4 tuck", "2 4 3 4"),
    ("1 1 5 within 5 1 5 within 0 1 5 within", "-1 0 0"),
    ("20 5 bounds", "25 20"),
    ("create x 1 , x 8 erase x @", "0"),
    ("create x 2 c, 65 c, x count swap x - ", "2 1"),
    (
        "0 sqrt 15 sqrt 16 sqrt 9223372036854775807 sqrt",
        "0 3 4 3037000499",
    ),
    // What is printed is not looked at here.
    (
        "1 . 2 u. 3 4 .r .s 65 emit s\" x\" type cr space 2 spaces .\" y\"",
        "",
    ),
];

/// The source with a word that gives the number in the place of each number: nothing in it is known before it runs.
fn unknown(source: &str) -> String {
    let mut words = String::new();
    let (mut definitions, mut before) = (String::new(), "");
    for word in source.split(' ') {
        let takes_a_name = [
            "char", "[char]", ":", "create", "variable", "value", "constant",
        ];
        match word.parse::<i64>() {
            Ok(n) if !takes_a_name.contains(&before) => {
                definitions += &format!(": n{n} {n} ; ");
                words += &format!("n{n} ");
            }
            _ => words += &format!("{word} "),
        }
        before = word;
    }
    definitions + &words
}

#[test]
fn words_do_what_they_say() {
    let hidden = CASES.iter().map(|(source, left)| (unknown(source), *left));
    let shown = CASES
        .iter()
        .map(|(source, left)| ((*source).to_owned(), *left));
    for (source, left) in &shown.chain(hidden).collect::<Vec<_>>() {
        let chunk = compile::<Forth>("", source).unwrap_or_else(|e| panic!("{source}: {e}"));
        for fusion in [true, false] {
            let mut vm = Vm::<Forth>::default();
            vm.set_fusion(fusion);
            vm.set_output(SharedBuffer::default());
            Forth::prepare(&mut vm);
            let said = vm.eval(&chunk).unwrap_or_else(|e| panic!("{source}: {e}"));
            let said = said.to_string();
            let stack = said.strip_prefix(" ok").map(str::trim_start);
            assert_eq!(stack, Some(*left), "{source}");
        }
    }
}

#[test]
fn every_word_has_a_case() {
    let words: Vec<&str> = CASES
        .iter()
        .flat_map(|(source, _)| source.split_whitespace())
        .collect();
    let own = [
        "start",
        "done",
        "require",
        "held",
        "literal",
        "named",
        "push",
        "push_two",
        "push_three",
    ];
    let ops = Forth::table().ops().map(|(_, op)| op.name);
    // Those in parentheses do the same as words, or some of it.
    let is_twin = |name: &&str| name.starts_with('(') && name.len() > 1;
    let ops = ops.filter(|name| !name.starts_with("core.") && !own.contains(name));
    let ops = ops.filter(|name| !is_twin(name));
    for word in ops.chain(Forth::keywords().iter().copied()) {
        assert!(words.contains(&word), "no case for `{word}`");
    }
}
