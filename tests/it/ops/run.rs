//! A case in all the ways it can run.

use super::case::{Case, End, Grant};
use super::{host, shell};
use crate::generate::Outcome;
use fusevm::{Chunk, ErrorKind, Op, Program, SharedBuffer, VM};

/// A program that leaves a VM in the middle of everything: slots, scopes, calls and blocks open, a
/// status, output and a stack full of values.
const OTHER: &str = r#"
source other
fn other_call/1
block each each_end
  LoadInt 77
  SetSlot 0
  LoadInt 77
  SetSlot 9
  LoadConst "other"
  SetVar x
  LoadInt 77
  LoadInt 7
  SetStatus
  PushFrame
  LoadInt 77
  SetSlot 3
  LoadConst [1, 2, 3]
  MapBlock 0
each:
  Call other_call, 1
each_end:
  ReturnValue
other_call:
  PushFrame
  LoadConst "other"
  PrintLn 1
  LoadInt 77
  LoadInt 78
  LoadInt 79
  CallBuiltin 65535, 2
  ReturnValue
"#;

/// The program that runs before the cases.
pub(super) fn other() -> Program {
    let chunk = Chunk::parse(OTHER).expect("it parses");
    Program::new(chunk).expect("it verifies")
}

impl Case {
    /// Runs the case, in some ways after another program; what is wrong, if anything is.
    pub(super) fn check(&self, other: &Program) -> Result<(), String> {
        let chunk = self.chunk()?;
        let read = Chunk::from_bytes(&chunk.to_bytes()).map_err(|e| format!("{self}: {e}"))?;
        if read != chunk || Chunk::parse(&chunk.to_string()).as_ref() != Ok(&chunk) {
            return Err(format!("{self}: the chunk is another after it was written"));
        }
        let mut first = None;
        for (what, chunk) in [("text", &chunk), ("bytes", &read)] {
            for fusion in [true, false] {
                for after in [None, Some(other)] {
                    for outcome in self.run(chunk, fusion, after) {
                        match &first {
                            None => {
                                self.compare(chunk, &outcome)?;
                                first = Some(outcome);
                            }
                            Some(first) if *first != outcome => {
                                let way = format!("from {what}, fusion {fusion}, after {after:?}");
                                return Err(format!(
                                    "{self}: {way}\n{outcome:#?}\nbut at first\n{first:#?}"
                                ));
                            }
                            Some(_) => {}
                        }
                    }
                }
            }
        }
        #[cfg(all(feature = "jit", unix))]
        self.check_machine_code(&chunk)?;
        Ok(())
    }

    /// Runs the case in loops and in a function, which are compiled, and as the base interpreter does.
    #[cfg(all(feature = "jit", unix))]
    fn check_machine_code(&self, chunk: &Chunk) -> Result<(), String> {
        let hot = crate::jit::repeated(chunk, 6);
        let (mut at, some) = (self.name.len(), crate::jit::ways());
        for chunk in hot.iter().chain([chunk]) {
            let turns = |way: Option<&fusevm::JitConfig>| {
                let mut vm = VM::new(chunk.clone());
                vm.set_lowering(way.is_some());
                way.into_iter().for_each(|way| vm.set_jit(way.clone()));
                let turns: Vec<Outcome> = (0..3).map(|_| self.turn(&mut vm)).collect();
                (turns, vm.jit_report())
            };
            let (first, _) = turns(None);
            // Two ways of all for each case.
            for _ in 0..2 {
                at += 1;
                let (way, config) = &some[at % some.len()];
                let (other, report) = turns(Some(config));
                if other != first {
                    let listing = chunk.listing();
                    return Err(format!(
                        "{self}: machine code {way}\n{other:#?}\nbut in base\n{first:#?}\n{report}\n{listing}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Runs the chunk once in a fresh VM, or twice in one in which another program has trapped.
    fn run(&self, chunk: &Chunk, fusion: bool, after: Option<&Program>) -> Vec<Outcome> {
        let mut vm = VM::new(chunk.clone());
        vm.set_fusion(fusion);
        let mut turns = 1;
        if let Some(other) = after {
            vm.set_output(SharedBuffer::default());
            vm.eval(other).expect_err("it traps");
            turns = 2;
        }
        (0..turns).map(|_| self.turn(&mut vm)).collect()
    }

    fn turn(&self, vm: &mut VM) -> Outcome {
        let setting = &self.setting;
        vm.reset();
        let out = SharedBuffer::default();
        match setting.output_fails {
            true => vm.set_output(host::Fails),
            false => vm.set_output(out.clone()),
        }
        match &setting.input {
            Some(input) => vm.set_input(std::io::Cursor::new(input.clone().into_bytes())),
            None => vm.set_input(host::Fails),
        }
        vm.set_limits(setting.limits.clone());
        vm.set_fuel(Some(setting.fuel));
        for (id, builtin) in &setting.builtins {
            vm.register_builtin(*id, *builtin);
        }
        if setting.raw {
            vm.set_extension_handler(Box::new(|vm, id, arg| host::raw(vm, id, arg.into())));
            vm.set_extension_wide_handler(Box::new(host::raw));
        }
        match setting.shell {
            Some(Grant::Everything) => vm.set_shell(shell::Scripted::new(out.clone())),
            Some(Grant::Nothing) => vm.set_shell(shell::Refusing),
            None => {}
        }
        for (name, given) in &setting.given {
            let value = given(vm);
            vm.set_global(name, value);
        }
        let result = vm.run();
        let mut outcome = Outcome::seen(vm, result, &out);
        // Their order is that in which the VM came to know the names.
        outcome.globals.sort();
        outcome
    }

    /// What was expected against what was seen.
    fn compare(&self, chunk: &Chunk, seen: &Outcome) -> Result<(), String> {
        self.same("the end", &self.wanted_end(chunk), &seen_end(seen))?;
        let output = |text: &str| format!("{text:?}");
        self.same("the output", &output(&self.output), &output(&seen.output))?;
        for (name, wanted) in &self.globals {
            let prefix = format!("{name} = ");
            let found = seen.globals.iter().find_map(|g| g.strip_prefix(&prefix));
            self.same(name, wanted, found.unwrap_or("unset"))?;
        }
        let used = (self.setting.fuel - seen.fuel.unwrap_or_default()).to_string();
        let wanted = self.used.map_or(used.clone(), |fuel| fuel.to_string());
        self.same("the fuel", &wanted, &used)
    }

    fn same(&self, what: &str, wanted: &str, found: &str) -> Result<(), String> {
        match wanted == found {
            true => Ok(()),
            false => Err(format!(
                "{self}: {what}\n  expected {wanted}\n     found {found}"
            )),
        }
    }

    fn wanted_end(&self, chunk: &Chunk) -> String {
        match &self.end {
            End::Value(value) => format!("=> {value}"),
            End::Halted => "halted".to_owned(),
            End::Trap {
                kind,
                line,
                message,
            } => trap(kind, *line, message),
            End::Load { line, message } => {
                let at = op_of_line(chunk, *line);
                let (pc, op) = at.expect("the error stands behind an op");
                format!("chunk:{line}: @{pc} {}: {message}", op.name())
            }
        }
    }
}

fn seen_end(seen: &Outcome) -> String {
    match seen.kind {
        None => seen.end.replacen("ok ", "=> ", 1),
        Some(ErrorKind::Trap(kind)) => trap(kind.as_str(), seen.line, &seen.end),
        Some(_) => seen.end.clone(),
    }
}

fn trap(kind: &str, line: Option<u32>, message: &str) -> String {
    match line {
        Some(line) => format!("trap {kind} in line {line}: {message}"),
        None => format!("trap {kind}: {message}"),
    }
}

/// The op on a line of the file.
pub(super) fn op_of_line(chunk: &Chunk, line: u32) -> Option<(usize, Op)> {
    let mut ops = chunk.ops().iter().copied().enumerate();
    ops.find(|(pc, _)| chunk.line(*pc) == line)
}
