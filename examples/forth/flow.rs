//! The ops that control words, names and texts are compiled to, and those that print.
//!
//! A loop's index and limit and what `>r` holds are slots of the function's frame: they end with it,
//! and whether they are balanced is known when a word is compiled.

use super::Forth;
use super::machine::{Fault, Machine};
use fusevm::prelude::*;
use std::error::Error;
use std::io::{self, Write};

/// What a word that prints may fail with.
type Failure = Box<dyn Error + Send + Sync>;

/// Cells or bytes that are gone through for the fuel of one op.
const WORK: u64 = 16;

/// Whether a loop's index steps over the edge between limit - 1 and limit; the index after the step.
fn step(index: &mut Value, limit: i64, by: i64) -> bool {
    let before = index.to_int().wrapping_sub(limit);
    let after = before.wrapping_add(by);
    *index = Value::Int(after.wrapping_add(limit));
    (before ^ after) & (before ^ by) < 0
}

/// Control.
#[fusevm::ops(Forth)]
pub mod control {
    use super::*;

    /// Begins an input.
    #[ext_op]
    pub fn start(m: &mut Machine) {
        m.start();
    }

    /// Ends an input: what a REPL says then.
    #[ext_op]
    pub fn done(m: &mut Machine) -> String {
        m.done();
        format!(" ok{}", m.shown())
    }

    /// Checks that there is a word of that name, so that nothing runs if there is none.
    #[ext_op]
    pub fn require(#[imm] word: Name<'_>, cx: Ctx<'_, Forth>) -> Result<(), Fault> {
        match cx.function(word.as_str()) {
            Some(_) => Ok(()),
            None => Err(Fault::Unknown(word.to_string())),
        }
    }

    /// The cell that has some above it, as an operand: how many units of work the next word has.
    #[ext_op(name = "(size)")]
    pub fn size(#[imm] above: u8, m: &mut Machine) -> i64 {
        m.size(above.into())
    }

    /// Pays for the work of a word that goes through memory.
    #[ext_op(name = "(work)", cost = |inputs| inputs[0].to_int().max(0) as u64 / WORK)]
    pub fn work(units: i64) {
        let _ = units;
    }

    /// `( flag -- )` Jumps on if it is 0.
    #[ext_op(name = "if")]
    pub fn if_(#[imm] to: Label, m: &mut Machine) -> Result<Branch, Fault> {
        let _ = to;
        m.take("if").map(|[flag]| Branch::when(flag == 0))
    }

    /// `( flag -- )` Jumps behind the loop if it is 0.
    #[ext_op(name = "while")]
    pub fn while_(#[imm] to: Label, m: &mut Machine) -> Result<Branch, Fault> {
        let _ = to;
        m.take("while").map(|[flag]| Branch::when(flag == 0))
    }

    /// `( flag -- )` Jumps back if it is 0.
    #[ext_op]
    pub fn until(#[imm] to: Label, m: &mut Machine) -> Result<Branch, Fault> {
        let _ = to;
        m.take("until").map(|[flag]| Branch::when(flag == 0))
    }

    /// `( a b -- | a )` Jumps on with `a` if they differ.
    #[ext_op]
    pub fn of(#[imm] to: Label, m: &mut Machine) -> Result<Branch, Fault> {
        let _ = to;
        let [a, b] = m.take("of")?;
        if a != b {
            m.give([a])?;
        }
        Ok(Branch::when(a != b))
    }

    /// `( limit index -- )` Both, for slots to hold.
    #[ext_op(name = "do")]
    pub fn do_(m: &mut Machine) -> Result<(i64, i64), Fault> {
        m.take("do").map(|[limit, index]| (limit, index))
    }

    /// `( limit index -- )` Both, for slots to hold; there are no turns if they are equal.
    #[ext_op(name = "?do")]
    pub fn do_unless_equal(m: &mut Machine) -> Result<(i64, i64), Fault> {
        m.take("?do").map(|[limit, index]| (limit, index))
    }

    /// Counts, and jumps back before the limit.
    #[ext_op(name = "loop")]
    pub fn loop_(#[slot] index: &mut Value, #[imm] to: Label, limit: i64) -> Branch {
        let _ = to;
        Branch::when(!step(index, limit, 1))
    }

    /// `( n -- )` Counts by `n`, and jumps back unless that leads over the edge before the limit.
    #[ext_op(name = "+loop")]
    pub fn plus_loop(
        #[slot] index: &mut Value,
        #[imm] to: Label,
        limit: i64,
        m: &mut Machine,
    ) -> Result<Branch, Fault> {
        let _ = to;
        let [by] = m.take("+loop")?;
        Ok(Branch::when(!step(index, limit, by)))
    }

    /// `( -- a )` What a slot holds: the index of a loop, what `>r` has put there.
    #[ext_op]
    pub fn held(#[slot] s: &mut Value, m: &mut Machine) -> Result<(), Fault> {
        m.give([s.to_int()])
    }

    /// `( a -- )` Puts it into a slot.
    #[ext_op(name = ">r")]
    pub fn hold(#[slot] s: &mut Value, m: &mut Machine) -> Result<(), Fault> {
        let [a] = m.take(">r")?;
        *s = Value::Int(a);
        Ok(())
    }

    /// `( flag -- )` Stops the program with a text unless it is 0.
    #[ext_op(name = "abort\"")]
    pub fn abort(#[imm] text: Name<'_>, m: &mut Machine) -> Result<(), Fault> {
        match m.take("abort\"")? {
            [0] => Ok(()),
            [_true] => Err(Fault::Abort(text.to_string())),
        }
    }
}

/// Literals, names, tokens.
#[fusevm::ops(Forth)]
pub mod names {
    use super::*;

    /// `( -- n )`
    #[ext_op]
    pub fn literal(#[imm] n: i32, m: &mut Machine) -> Result<(), Fault> {
        m.give([n.into()])
    }

    /// `( -- a )` The operand.
    #[ext_op]
    pub fn push(a: i64, m: &mut Machine) -> Result<(), Fault> {
        m.give([a])
    }

    /// `( -- a b )` The operands.
    #[ext_op]
    pub fn push_two(a: i64, b: i64, m: &mut Machine) -> Result<(), Fault> {
        m.give([a, b])
    }

    /// `( -- a b c )` The operands.
    #[ext_op]
    pub fn push_three(a: i64, b: i64, c: i64, m: &mut Machine) -> Result<(), Fault> {
        m.give([a, b, c])
    }

    /// `( -- addr n )` A text in memory.
    #[ext_op(name = "s\"")]
    pub fn text(#[imm] text: Name<'_>, m: &mut Machine) -> Result<(), Fault> {
        let text = m.text(text.symbol(), text.as_str());
        m.give(text)
    }

    /// `( -- n )` The number that the operand is, or that it says as a text: an argument of the program.
    #[ext_op(name = "(number)")]
    pub fn number(#[coerce] n: i64, m: &mut Machine) -> Result<(), Fault> {
        m.give([n])
    }

    /// `( -- addr n )` A text that is no literal: an argument of the program.
    #[ext_op(name = "(text)")]
    pub fn given(text: &str, m: &mut Machine) -> Result<(), Fault> {
        let text = m.keep(text)?;
        m.give(text)
    }

    /// The top cell as an operand: the number of an argument.
    #[ext_op(name = "(arg)")]
    pub fn argument(m: &mut Machine) -> Result<i64, Fault> {
        m.take("arg").map(|[n]| n)
    }

    /// `( -- a )` What a name stands for.
    #[ext_op]
    pub fn named(#[imm] name: Name<'_>, m: &mut Machine) -> Result<(), Fault> {
        let cell = meaning(name, m)?;
        m.give([cell])
    }

    /// What a name stands for, as an operand.
    #[ext_op(name = "(named)")]
    pub fn meaning(#[imm] name: Name<'_>, m: &mut Machine) -> Result<i64, Fault> {
        let cell = m.named(name.symbol());
        cell.ok_or_else(|| Fault::NotYet(name.to_string()))
    }

    /// Lets a name stand for the address where the next memory will be.
    #[ext_op]
    pub fn create(#[imm] name: Name<'_>, m: &mut Machine) {
        let here = m.here();
        m.name(name.symbol(), here);
    }

    /// `( a -- )` Lets a name stand for a cell.
    #[ext_op]
    pub fn constant(#[imm] name: Name<'_>, m: &mut Machine) -> Result<(), Fault> {
        let [a] = m.take("constant")?;
        m.name(name.symbol(), a);
        Ok(())
    }

    /// `( a -- )` Lets a name that stands for something stand for a cell.
    #[ext_op]
    pub fn to(#[imm] name: Name<'_>, m: &mut Machine) -> Result<(), Fault> {
        let [a] = m.take("to")?;
        match m.named(name.symbol()) {
            Some(_) => {
                m.name(name.symbol(), a);
                Ok(())
            }
            None => Err(Fault::NotYet(name.to_string())),
        }
    }

    /// `( -- token )` The execution token of a word.
    #[ext_op(name = "'")]
    pub fn tick(#[imm] word: Name<'_>, mut cx: Ctx<'_, Forth>) -> Result<(), Fault> {
        let function = cx.function(word.as_str());
        let function = function.ok_or_else(|| Fault::Unknown(word.to_string()))?;
        let token = cx.host().token(word.symbol(), function);
        cx.host().give([token])
    }

    /// `( token -- )` Calls its word.
    #[ext_op]
    pub fn execute(m: &mut Machine) -> Result<Invoke, Fault> {
        let [token] = m.take("execute")?;
        m.function(token).cloned().map(Invoke::function)
    }
}

/// Printing.
#[fusevm::ops(Forth)]
pub mod print {
    use super::*;

    /// `( a -- )` Prints a number and a space.
    #[ext_op(name = ".")]
    pub fn dot(m: &mut Machine, out: &mut Output) -> Result<(), Failure> {
        let [a] = m.take(".")?;
        Ok(write!(out, "{a} ")?)
    }

    /// `( a -- )` Prints a number without its sign and a space.
    #[ext_op(name = "u.")]
    pub fn unsigned_dot(m: &mut Machine, out: &mut Output) -> Result<(), Failure> {
        let [a] = m.take("u.")?;
        Ok(write!(out, "{} ", a.cast_unsigned())?)
    }

    /// `( a n -- )` Prints a number at the right end of `n` columns.
    #[ext_op(name = ".r")]
    pub fn dot_right(m: &mut Machine, out: &mut Output) -> Result<(), Failure> {
        let [a, n] = m.take(".r")?;
        let width = u16::try_from(n.max(0)).map_err(|_| Fault::NoWidth(n))?;
        Ok(write!(out, "{a:>width$}", width = usize::from(width))?)
    }

    /// Prints the number of cells on the stack and the last of them, and leaves them there.
    #[ext_op(name = ".s")]
    pub fn dot_stack(m: &mut Machine, out: &mut Output) -> io::Result<()> {
        write!(out, "<{}>{} ", m.depth(), m.shown())
    }

    /// `( c -- )` Prints a character.
    #[ext_op]
    pub fn emit(m: &mut Machine, out: &mut Output) -> Result<(), Failure> {
        let [code] = m.take("emit")?;
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        Ok(write!(out, "{}", c.ok_or(Fault::NoCharacter(code))?)?)
    }

    /// `( addr n -- )` Prints bytes.
    #[ext_op(name = "type")]
    pub fn type_(m: &mut Machine, out: &mut Output) -> Result<(), Failure> {
        let [at, n] = m.take("type")?;
        Ok(out.write_all(m.bytes(at, n)?)?)
    }
}
