//! What can be seen of a run.

use super::Generated;
use fusevm::{
    Chunk, ErrorKind, Limits, Op, Program, SharedBuffer, VM, VMResult, Value, Verified, Vm, fuse,
};
use std::cell::RefCell;

/// How a program is run.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Whether it runs in register form.
    pub(crate) lowering: bool,
    pub(crate) fusion: bool,
    pub(crate) fuel: Option<u64>,
    pub(crate) limits: Limits,
    /// How machine code is made; as usual where nothing is said.
    #[cfg(all(feature = "jit", unix))]
    pub(crate) jit: Option<fusevm::JitConfig>,
}

/// All that a host sees of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The result with its kind, or the trap with its message.
    pub(crate) end: String,
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) pc: Option<usize>,
    pub(crate) line: Option<u32>,
    /// The call chain, a line each.
    pub(crate) trace: Vec<String>,
    /// What is left.
    pub(crate) fuel: Option<u64>,
    pub(crate) output: String,
    pub(crate) globals: Vec<String>,
    /// A value that is left and longer than it may be.
    pub(crate) past_limits: Option<String>,
}

impl Outcome {
    /// Runs a chunk in a VM of its own, with the builtins that generated programs call.
    pub(crate) fn of(chunk: Chunk, setting: &Setting) -> Self {
        Self::with(chunk, setting, |_| {})
    }

    /// The same, in a VM that `prepare` has set up further.
    pub(crate) fn with(chunk: Chunk, setting: &Setting, prepare: impl FnOnce(&mut VM)) -> Self {
        let mut vm = VM::new(chunk);
        let out = prepared(&mut vm, setting);
        prepare(&mut vm);
        let result = vm.run();
        let past = past_limits(&vm, &result, &setting.limits);
        let mut seen = Self::seen(&vm, result, &out);
        seen.past_limits = past;
        seen
    }

    #[cfg(feature = "jit")]
    /// Runs a chunk so many times in a VM of its own, each time with the same fuel; what `tell` finds in the
    /// VM goes with it.
    pub(crate) fn of_turns<T>(
        chunk: &Chunk,
        setting: &Setting,
        turns: usize,
        tell: impl FnOnce(&VM) -> T,
    ) -> (Vec<Self>, T) {
        let mut vm = VM::new(chunk.clone());
        let out = prepared(&mut vm, setting);
        let turn = |_| {
            vm.set_fuel(setting.fuel);
            let result = vm.run();
            Self::seen(&vm, result, &out)
        };
        let all = (0..turns).map(turn).collect();
        (all, tell(&vm))
    }

    #[cfg(feature = "jit")]
    /// Runs a chunk once, and then has the host call its functions that take so few arguments, each a few times; what
    /// `tell` finds in the VM goes with it.
    pub(crate) fn of_calls<T>(
        chunk: &Chunk,
        setting: &Setting,
        tell: impl FnOnce(&VM) -> T,
    ) -> (Vec<Self>, T) {
        const ARGS: [[Value; 3]; 3] = [
            [Value::Int(3), Value::Int(-1), Value::Int(40)],
            [Value::Int(0), Value::Float(0.5), Value::Int(7)],
            [Value::Float(-2.0), Value::Int(9), Value::Undef],
        ];
        let mut vm = VM::new(chunk.clone());
        let out = prepared(&mut vm, setting);
        vm.set_fuel(setting.fuel);
        let first = vm.run();
        let mut all = vec![Self::seen(&vm, first, &out)];
        for function in chunk.functions() {
            let argc = usize::from(function.arity.unwrap_or(0));
            let name = chunk.names()[usize::from(function.name)].as_str();
            for turn in [0, 0, 0, 1, 0, 2, 2, 2, 1, 0] {
                let Some(args) = ARGS[turn].get(..argc) else {
                    break;
                };
                vm.set_fuel(setting.fuel);
                let called = match (turn, vm.function(name)) {
                    (0, Some(function)) => vm.call(function, args),
                    _by_name => vm.call(name, args),
                };
                let result = match called {
                    Ok(value) => VMResult::Ok(value),
                    Err(error) => VMResult::Error(error),
                };
                all.push(Self::seen(&vm, result, &out));
            }
        }
        (all, tell(&vm))
    }

    /// Runs programs of the language one after the other in one VM, the last of them from inside of the
    /// others; all that is seen of each.
    pub(crate) fn of_several(chunks: &[Chunk], setting: &Setting) -> Vec<Self> {
        let mut vm = Vm::<Generated>::default();
        let out = prepared(&mut vm, setting);
        let programs = chunks.iter().map(|chunk| Program::new(chunk.clone()));
        let programs: Vec<Program> = programs.map(|p| p.expect("it verifies")).collect();
        OTHERS.set(programs.iter().rev().take(3).cloned().collect());
        let mut all = Vec::new();
        for _ in 0..2 {
            for program in &programs {
                vm.set_fuel(setting.fuel);
                let result = match vm.eval(program) {
                    Ok(value) => VMResult::Ok(value),
                    Err(error) => VMResult::Error(error),
                };
                all.push(Self::seen(&vm, result, &out));
            }
        }
        all
    }

    /// What there is to see of a VM after a run.
    pub(crate) fn seen(vm: &VM, result: VMResult, out: &SharedBuffer) -> Self {
        let globals = (vm.global_names()).map(|name| format!("{name} = {:?}", vm.global(name)));
        let mut seen = Self {
            end: String::new(),
            kind: None,
            pc: None,
            line: None,
            trace: Vec::new(),
            fuel: vm.fuel(),
            output: out.take(),
            globals: globals.collect(),
            past_limits: None,
        };
        match result {
            VMResult::Ok(value) => seen.end = format!("ok {value:?}"),
            VMResult::Halted => seen.end = "halted".into(),
            VMResult::Error(error) => {
                seen.end = error.message();
                (seen.kind, seen.pc, seen.line) = (Some(error.kind()), error.pc(), error.line());
                seen.trace = (error.trace().iter())
                    .map(|site| format!("{site:?}"))
                    .collect();
            }
        }
        seen
    }

    /// The same without the place of a trap as an op, for programs that say the same in other ops.
    pub(crate) fn without_pc(mut self) -> Self {
        self.pc = None;
        self.trace.clear();
        self
    }
}

/// Sets a VM up, with the builtins that generated programs call; what it prints.
fn prepared(vm: &mut VM, setting: &Setting) -> SharedBuffer {
    let out = SharedBuffer::default();
    vm.set_output(out.clone());
    vm.set_input(&b"first line\n2\r\n\nlast"[..]);
    vm.set_limits(setting.limits.clone());
    vm.set_fuel(setting.fuel);
    vm.set_fusion(setting.fusion);
    vm.set_lowering(setting.lowering);
    #[cfg(all(feature = "jit", unix))]
    if let Some(config) = &setting.jit {
        vm.set_jit(config.clone());
    }
    vm.register_builtin(LENGTHS, lengths);
    vm.register_builtin(TOP, |vm, _| vm.peek().cloned().unwrap_or_default());
    vm.register_builtin(CALLS, calls);
    vm.register_builtin(SHARED, shared);
    out
}

/// Whether every fused op of a chunk's overlay stands for exactly the ops that the chunk has there.
pub(crate) fn overlay_is_exact(verified: &Verified) -> bool {
    let ops = verified.chunk().ops();
    let overlay = fuse(verified);
    let exact = |(pc, fused): (usize, &Op)| {
        let is_loop = fused.target().is_none();
        let parts = fused
            .expansion()
            .into_iter()
            .map(|part| match part.target() {
                Some(to) if is_loop => part.with_target(pc + to),
                _ => part,
            });
        parts
            .enumerate()
            .all(|(i, part)| ops.get(pc + i) == Some(&part))
    };
    let mut replaced = overlay
        .iter()
        .enumerate()
        .filter(|(pc, op)| ops[*pc] != **op);
    overlay.len() == ops.len() && replaced.all(exact)
}

/// A value that a program leaves and that is past the limits. Its constants are small.
fn past_limits(vm: &VM, result: &VMResult, limits: &Limits) -> Option<String> {
    let mut left: Vec<Value> = vm.global_names().map(|name| vm.global(name)).collect();
    if let VMResult::Ok(value) = result {
        left.push(value.clone());
    }
    for _ in 0..1000 {
        let value = left.pop()?;
        let (len, limit) = match &value {
            Value::Str(text) => (text.len(), limits.max_string_len),
            Value::Array(array) => (array.len(), limits.max_array_len),
            Value::Hash(hash) => (hash.len(), limits.max_hash_len),
            _ => continue,
        };
        if len > limit {
            return Some(format!("{len} past {limit}: {value:?}"));
        }
        match value {
            Value::Array(array) => left.extend(array.iter()),
            Value::Hash(hash) => left.extend(hash.values()),
            _ => {}
        }
    }
    None
}

/// A builtin that pops its arguments and gives the sum of the lengths of their texts.
pub(crate) const LENGTHS: u16 = 7;
/// A builtin that leaves its arguments and gives the last.
pub(crate) const TOP: u16 = 8;
/// A builtin that calls the function `f0` with what it was given.
pub(crate) const CALLS: u16 = 9;

/// A builtin that calls functions that share their code with others, or begins another program.
pub(crate) const SHARED: u16 = 10;

thread_local! {
    /// Programs that `SHARED` runs one after the other, each of which may define functions anew.
    static OTHERS: RefCell<Vec<Program>> = const { RefCell::new(Vec::new()) };
}

fn shared(vm: &mut VM, _: u8) -> Value {
    let names: Vec<String> = (vm.function_names())
        .filter(|name| name.starts_with("in"))
        .map(str::to_owned)
        .collect();
    for name in names {
        let arguments: &[Value] = match name.starts_with("into") {
            true => &[Value::Int(1)],
            false => &[],
        };
        let _ = vm.call(name.as_str(), arguments);
    }
    let other = OTHERS.with_borrow_mut(Vec::pop);
    match other.map(|other| vm.eval(&other)) {
        Some(Ok(value)) => value,
        Some(Err(error)) => Value::str(error.message()),
        None => Value::Undef,
    }
}

fn lengths(vm: &mut VM, argc: u8) -> Value {
    let mut sum = 0;
    for _ in 0..argc {
        let value = vm.pop();
        sum += vm.text(&value).map_or(-1, |text| text.len() as i64);
    }
    Value::Int(sum)
}

fn calls(vm: &mut VM, argc: u8) -> Value {
    let arguments: Vec<Value> = (0..argc).map(|_| vm.pop()).collect();
    match vm.call("f0", &arguments) {
        Ok(value) => value,
        Err(error) => Value::Int(error.pc().map_or(-1, |pc| pc as i64)),
    }
}
