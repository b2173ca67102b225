//! Where control comes from and goes to: paths that meet, returns out of blocks, scopes in registers that
//! others had before, functions that are defined anew.

use super::{agree, core};
use fusevm::{Value, Vm};

fn plain(_: &mut Vm<()>) {}

#[test]
fn a_value_of_two_paths_is_in_its_place_before_it_is_stored() {
    for (constant, expected) in [("LoadTrue", "1"), ("LoadFalse", "2")] {
        let text = format!(
            "  {constant}\n  JumpIfFalse other\n  LoadInt 1\n  Jump both\nother:\n  LoadInt 2\nboth:\n  \
             SetSlot 0\n  GetSlot 0\n"
        );
        assert_eq!(agree::<()>(&core(&text), plain).end, expected);
    }
}

#[test]
fn a_return_out_of_blocks_leaves_the_loops_of_the_caller() {
    let chunk = core(
        r#"
fn f/1
block each each_end
block outer outer_end
block inner inner_end
  LoadConst [10, 20, 30]
  MapBlock 0
  Jump end
each:
  Call f, 1
each_end:
  ReturnValue
f:
  SetSlot 0
  LoadConst [1, 2, 3]
  ForEachBlock 1
  LoadInt 0
  ReturnValue
outer:
  SetSlot 1
  LoadConst [4, 5]
  ForEachBlock 2
outer_end:
  Return
inner:
  GetSlot 0
  Add
  GetSlot 1
  Add
  ReturnValue
inner_end:
end:
"#,
    );
    assert_eq!(agree::<()>(&chunk, plain).end, "[15, 25, 35]");
}

#[test]
fn slots_of_a_scope_are_fresh_where_others_had_their_numbers() {
    let chunk = core(
        "fn numbers/0\nfn scope/0\n  Call numbers, 0\n  Pop\n  Call scope, 0\n  Jump end\nnumbers:\n  LoadInt 1\n  \
         SetSlot 0\n  LoadInt 2\n  SetSlot 1\n  LoadInt 3\n  ReturnValue\nscope:\n  PushFrame\n  GetSlot 0\n  \
         GetSlot 1\n  MakeArray 2\n  ReturnValue\nend:\n",
    );
    assert_eq!(agree::<()>(&chunk, plain).end, "[undef, undef]");
}

#[test]
fn a_function_that_is_defined_anew_is_called_from_there_on() {
    let chunk = core(
        "fn f/0\n  Call f, 0\n  CallBuiltin 1, 0\n  Pop\n  Call f, 0\n  MakeArray 2\n  Jump end\nf:\n  LoadInt 1\n  \
         ReturnValue\nend:\n",
    );
    let seen = agree::<()>(&chunk, |vm| {
        vm.register_builtin(1, |vm, _| {
            let other = core("fn f/0\n  Jump end\nf:\n  LoadInt 2\n  ReturnValue\nend:\n");
            vm.load(other).map_or(Value::Undef, |_| Value::Int(0))
        });
    });
    assert_eq!(seen.end, "[1, 2]");
}
