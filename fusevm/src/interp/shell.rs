//! Shell ops: passed on to the granted `ShellHost`; their blocks run here.

use super::{Frame, FrameKind, Step};
use crate::semantics::{Trap, string};
use crate::shell::{ShellError, param_mod};
use crate::value::{Str, Value};
use crate::vm::{Linked, VM};
use std::collections::BTreeMap;
use std::io::Write;

/// What the shell ops keep between ops.
#[derive(Default)]
pub(crate) struct ShellState {
    /// What happens at the end of each running unit, innermost last.
    units: Vec<UnitEnd>,
    /// Blocks of `ProcessSubOut` that wait for the next command: path, program, block.
    waiting: Vec<(Str, u32, u16)>,
    /// Blocks of signals: program and block.
    signals: Option<BTreeMap<Str, (u32, u16)>>,
}

enum UnitEnd {
    /// Push what was written.
    Substitute,
    /// Push a path from which what was written can be read.
    ProcessIn,
    /// The block has read what was written to the path.
    ProcessOut(Str),
    /// Look for further signals.
    Signal,
}

impl From<ShellError> for Trap {
    fn from(error: ShellError) -> Self {
        Trap::Shell(error.to_string())
    }
}

impl ShellState {
    /// How many units run, and how many blocks wait for a command.
    pub(crate) fn depths(&self) -> (usize, usize) {
        (self.units.len(), self.waiting.len())
    }
}

/// Ends what a run has begun with the host beyond these depths: units that have trapped, and blocks
/// for whose paths no command has come.
pub(crate) fn abandon(vm: &mut VM, (units, waiting): (usize, usize)) {
    while vm.shell_state.units.len() > units {
        let end = vm.shell_state.units.pop();
        let Ok(host) = vm.shell_mut() else {
            continue;
        };
        // The program has trapped already; a host that fails to clean up has nothing to add.
        match end {
            Some(UnitEnd::Substitute | UnitEnd::ProcessIn) => drop(host.capture_end()),
            Some(UnitEnd::ProcessOut(path)) => drop(host.process_sub_leave(path.as_str())),
            Some(UnitEnd::Signal) | None => {}
        }
    }
    while vm.shell_state.waiting.len() > waiting {
        let waits = vm.shell_state.waiting.pop();
        if let (Some((path, ..)), Ok(host)) = (waits, vm.shell_mut()) {
            drop(host.process_sub_leave(path.as_str()));
        }
    }
}

fn push(vm: &mut VM, value: impl Into<Value>) -> Step {
    vm.stack.push(value.into());
    Ok(())
}

/// Pops `n` values as texts, deepest first.
fn texts(vm: &mut VM, linked: &Linked, op: &'static str, n: usize) -> Result<Vec<Str>, Trap> {
    let at = vm.input_start(op, n)?;
    let rules = vm.rules(linked.chunk().policy);
    let mut all = Vec::with_capacity(n);
    for value in &vm.stack[at..] {
        all.push(match value {
            Value::Str(text) => text.clone(),
            other => Str::from(&*string::text(&rules, other)?),
        });
    }
    vm.stack.truncate(at);
    Ok(all)
}

fn text(vm: &mut VM, linked: &Linked, op: &'static str) -> Result<Str, Trap> {
    Ok(texts(vm, linked, op, 1)?.pop().unwrap_or_default())
}

fn strings(texts: Vec<Str>) -> Value {
    Value::array(texts.into_iter().map(Value::Str).collect::<Vec<_>>())
}

/// Brings what was printed out before the outside world acts: to the sink, or to the host's capture.
fn sync_output(vm: &mut VM) -> Step {
    if vm.output().captures() == 0 {
        return vm.output().flush().map_err(Trap::Io);
    }
    let printed = vm.output().take_captured();
    Ok(vm.shell_mut()?.capture_write(&printed)?)
}

pub(super) fn exec(vm: &mut VM, linked: &Linked, n: u8) -> Step {
    let words = texts(vm, linked, "Exec", n.into())?;
    sync_output(vm)?;
    let code = vm.shell_mut()?.exec(&words)?;
    push(vm, Value::Status(code))?;
    command_ended(vm)
}

pub(super) fn exec_bg(vm: &mut VM, linked: &Linked, n: u8) -> Step {
    let words = texts(vm, linked, "ExecBg", n.into())?;
    sync_output(vm)?;
    let code = vm.shell_mut()?.exec_bg(&words)?;
    push(vm, Value::Status(code))?;
    command_ended(vm)
}

pub(super) fn pipeline_begin(vm: &mut VM, _: &Linked, n: u8) -> Step {
    sync_output(vm)?;
    Ok(vm.shell_mut()?.pipeline_begin(n)?)
}

pub(super) fn pipeline_stage(vm: &mut VM, _: &Linked) -> Step {
    sync_output(vm)?;
    Ok(vm.shell_mut()?.pipeline_stage()?)
}

pub(super) fn pipeline_end(vm: &mut VM, _: &Linked) -> Step {
    sync_output(vm)?;
    let code = vm.shell_mut()?.pipeline_end()?;
    push(vm, Value::Status(code))?;
    command_ended(vm)
}

pub(super) fn redirect(vm: &mut VM, linked: &Linked, fd: u8, op: u8) -> Step {
    let target = text(vm, linked, "Redirect")?;
    Ok(vm.shell_mut()?.redirect(fd, op, target.as_str())?)
}

pub(super) fn here_doc(vm: &mut VM, linked: &Linked, k: u16) -> Step {
    let fd = vm.take_one("HereDoc")?.to_int();
    let constant = linked.chunk().constants.get(usize::from(k)).cloned();
    let text = vm.text(&constant.unwrap_or_default())?;
    Ok(vm.shell_mut()?.here_doc(fd, &text)?)
}

pub(super) fn here_string(vm: &mut VM, linked: &Linked) -> Step {
    let word = text(vm, linked, "HereString")?;
    let fd = vm.take_one("HereString")?.to_int();
    Ok(vm.shell_mut()?.here_string(fd, word.as_str())?)
}

pub(super) fn subshell_begin(vm: &mut VM, _: &Linked) -> Step {
    sync_output(vm)?;
    Ok(vm.shell_mut()?.subshell_begin()?)
}

pub(super) fn subshell_end(vm: &mut VM, _: &Linked) -> Step {
    sync_output(vm)?;
    Ok(vm.shell_mut()?.subshell_end()?)
}

pub(super) fn cmd_subst(vm: &mut VM, _: &Linked, b: u16) -> Step {
    capture(vm, b, UnitEnd::Substitute)
}

pub(super) fn process_sub_in(vm: &mut VM, _: &Linked, b: u16) -> Step {
    capture(vm, b, UnitEnd::ProcessIn)
}

pub(super) fn process_sub_out(vm: &mut VM, _: &Linked, b: u16) -> Step {
    let code = vm.frame()?.code;
    let path = vm.shell_mut()?.process_sub_out()?;
    vm.shell_state.waiting.push((path.clone(), code, b));
    push(vm, Value::Str(path))
}

fn capture(vm: &mut VM, b: u16, end: UnitEnd) -> Step {
    let code = vm.frame()?.code;
    // Nothing may fail between the host's begin and the frame whose end is the host's end.
    vm.check_stack(0)?;
    sync_output(vm)?;
    vm.shell_mut()?.capture_begin()?;
    vm.output().begin_capture();
    run_unit(vm, code, b, end)
}

/// Opens a frame over block `b` of a program, as a function of no arguments.
fn run_unit(vm: &mut VM, code: u32, b: u16, end: UnitEnd) -> Step {
    let range = vm
        .code()
        .get(code)
        .and_then(|l| l.chunk().blocks.get(usize::from(b)).cloned());
    let Some(range) = range else {
        return Err(Trap::Load("no such block".into()));
    };
    vm.check_stack(0)?;
    let (base, slots) = (vm.stack.len(), vm.slots.len());
    vm.frames.push(Frame {
        return_pc: vm.pc,
        end: range.end,
        ..Frame::new(FrameKind::Unit, code, base, slots)
    });
    vm.shell_state.units.push(end);
    vm.pc = range.start;
    vm.reload = true;
    Ok(())
}

/// The frame of a unit has gone; the pc is that of the code around it.
pub(super) fn unit_ended(vm: &mut VM) -> Step {
    match vm.shell_state.units.pop() {
        Some(UnitEnd::Substitute) => {
            let written = captured(vm)?;
            let text = String::from_utf8_lossy(&written);
            push(vm, Value::str(text.trim_end_matches('\n')))
        }
        Some(UnitEnd::ProcessIn) => {
            let written = captured(vm)?;
            let path = vm.shell_mut()?.process_sub_in(&written)?;
            push(vm, Value::Str(path))
        }
        Some(UnitEnd::ProcessOut(path)) => {
            sync_output(vm)?;
            vm.shell_mut()?.process_sub_leave(path.as_str())?;
            command_ended(vm)
        }
        Some(UnitEnd::Signal) => next_signal(vm),
        None => Err(Trap::Load("no unit is running".into())),
    }
}

/// Ends the innermost capture: all that was written in it.
fn captured(vm: &mut VM) -> Result<Vec<u8>, Trap> {
    let synced = sync_output(vm);
    let depth = vm.output().captures().saturating_sub(1);
    vm.output().end_captures(depth);
    let written = vm.shell_mut()?.capture_end();
    synced?;
    Ok(written?)
}

/// A command has ended: the blocks that wait for what it wrote run, one after the other.
fn command_ended(vm: &mut VM) -> Step {
    if vm.shell_state.waiting.is_empty() {
        return Ok(());
    }
    vm.check_stack(0)?;
    let (path, code, block) = vm.shell_state.waiting.remove(0);
    vm.shell_mut()?.process_sub_enter(path.as_str())?;
    run_unit(vm, code, block, UnitEnd::ProcessOut(path))
}

pub(super) fn glob(vm: &mut VM, linked: &Linked) -> Step {
    let pattern = text(vm, linked, "Glob")?;
    let found = vm.shell_mut()?.glob(pattern.as_str())?;
    push(vm, strings(found))
}

pub(super) fn glob_recursive(vm: &mut VM, linked: &Linked) -> Step {
    let pattern = text(vm, linked, "GlobRecursive")?;
    let found = vm.shell_mut()?.glob_recursive(pattern.as_str())?;
    push(vm, strings(found))
}

pub(super) fn test_file(vm: &mut VM, linked: &Linked, t: u8) -> Step {
    let path = text(vm, linked, "TestFile")?;
    let passed = vm.shell_mut()?.test_file(path.as_str(), t)?;
    push(vm, passed)
}

pub(super) fn set_status(vm: &mut VM, _: &Linked) -> Step {
    vm.status = vm.take_one("SetStatus")?.to_int() as i32;
    Ok(())
}

pub(super) fn get_status(vm: &mut VM, _: &Linked) -> Step {
    push(vm, Value::Status(vm.status))
}

pub(super) fn trap_set(vm: &mut VM, linked: &Linked, b: u16) -> Step {
    let signal = text(vm, linked, "TrapSet")?;
    let code = vm.frame()?.code;
    vm.shell_mut()?.trap_set(signal.as_str())?;
    vm.pin_code(code);
    (vm.shell_state.signals.get_or_insert_default()).insert(signal, (code, b));
    Ok(())
}

pub(super) fn trap_check(vm: &mut VM, _: &Linked) -> Step {
    next_signal(vm)
}

/// Runs the block of the next signal that has arrived and has one.
fn next_signal(vm: &mut VM) -> Step {
    while let Some(signal) = vm.shell_mut()?.take_signal()? {
        let known = (vm.shell_state.signals.as_ref()).and_then(|known| known.get(&signal));
        if let Some(&(code, block)) = known {
            return run_unit(vm, code, block, UnitEnd::Signal);
        }
    }
    Ok(())
}

pub(super) fn expand_param(vm: &mut VM, _: &Linked, m: u8) -> Step {
    let inputs = 1 + param_mod::arguments(m).unwrap_or(0);
    let at = vm.input_start("ExpandParam", inputs)?;
    let mut values: Vec<Value> = vm.stack.drain(at..).collect();
    let args = values.split_off(1);
    let expanded = vm.shell_mut()?.expand_param(m, &values[0], &args)?;
    push(vm, expanded)
}

pub(super) fn word_split(vm: &mut VM, linked: &Linked) -> Step {
    let words = text(vm, linked, "WordSplit")?;
    let words = vm.shell_mut()?.word_split(words.as_str())?;
    push(vm, strings(words))
}

pub(super) fn brace_expand(vm: &mut VM, linked: &Linked) -> Step {
    let words = text(vm, linked, "BraceExpand")?;
    let words = vm.shell_mut()?.brace_expand(words.as_str())?;
    push(vm, strings(words))
}

pub(super) fn tilde_expand(vm: &mut VM, linked: &Linked) -> Step {
    let path = text(vm, linked, "TildeExpand")?;
    let path = vm.shell_mut()?.tilde_expand(path.as_str())?;
    push(vm, Value::Str(path))
}
