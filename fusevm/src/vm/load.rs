//! Loading: verification among the VM's functions, imports, grants, handlers, immediates.

use super::{Error, Linked, LoadError, Loadable, Program, Site, Source, VM};
use crate::chunk::{Chunk, is_named};
use crate::op::Op;
use crate::semantics::Trap;
use crate::verify::{Verified, VerifyErrors, verify_with};
use std::collections::HashMap;
use std::sync::Arc;

impl VM {
    /// Loads a program and defines its functions, without running it.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn load(&mut self, program: impl Loadable) -> Result<Program, Error> {
        let index = self.load_code(program.source())?;
        let origin = self.code.get(index).map(|linked| linked.origin().clone());
        self.settle();
        origin.ok_or_else(|| Error::load(Vec::new()))
    }

    /// Loads a program; where it is loaded.
    pub(super) fn load_code(&mut self, source: Source) -> Result<u32, Error> {
        let origin = match source {
            Source::Program(program) => program,
            Source::Chunk(chunk) => {
                let outside = |name: &str| self.function_returns(name);
                let verified = verify_with(chunk, &outside);
                Program::from(verified.map_err(|errors| verify_errors(&errors))?)
            }
        };
        let index = self.link_code(origin)?;
        let linked = self.code.get(index);
        let Some(linked) = linked.filter(|linked| !linked.chunk().functions.is_empty()) else {
            return Ok(index);
        };
        let linked = linked.clone();
        for (i, function) in linked.chunk().functions.iter().enumerate() {
            let name = function.name;
            if is_named(linked.name_text(name).as_str()) {
                self.define(linked.symbol(name), index, i as u32);
            }
        }
        Ok(index)
    }

    /// Where a program is loaded; links it if it is not, without defining its functions.
    pub(super) fn link_code(&mut self, origin: Program) -> Result<u32, Error> {
        if let Some(index) = self.code.find(origin.identity()) {
            return Ok(index);
        }
        let anew = self
            .verify_here(origin.verified())
            .map_err(|e| verify_errors(&e))?;
        let linked = self.link(origin, anew).map_err(Error::load)?;
        Ok(self.code_mut().insert(linked))
    }

    /// The program verified anew among the functions this VM has, if it calls a function that was not
    /// known and is one now. What was known stays as it was verified, whatever has become of that
    /// function: code that runs has its stack laid out for it.
    fn verify_here(&self, verified: &Verified) -> Result<Option<Box<Verified>>, VerifyErrors> {
        let chunk = verified.chunk();
        let callees = || verified.callees().iter().zip(&chunk.names);
        let learnt = callees()
            .any(|(c, name)| c.returns.is_none() && self.function_returns(name.as_str()).is_some());
        if !learnt {
            return Ok(None);
        }
        let before: HashMap<&str, bool> = callees()
            .filter_map(|(callee, name)| Some((name.as_str(), callee.returns?)))
            .collect();
        let outside = |name: &str| match before.get(name) {
            Some(returns) => Some(*returns),
            None => self.function_returns(name),
        };
        verify_with(verified.chunk_arc().clone(), &outside).map(|anew| Some(Box::new(anew)))
    }

    /// Verifies a loaded program once more, because a function it calls has become known.
    pub(crate) fn relink(&mut self, code: u32) -> Result<(), Trap> {
        let Some(old) = self.code.get(code).cloned() else {
            return Ok(());
        };
        let Some(anew) =
            (self.verify_here(&old.verified)).map_err(|e| Trap::Load(e.to_string()))?
        else {
            return Ok(());
        };
        let linked = (self.link(old.origin().clone(), Some(anew))).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Trap::Load(lines.join("\n"))
        })?;
        self.code_mut().replace(code, linked);
        self.reload = true;
        Ok(())
    }

    /// Resolves names, imports and immediates.
    fn link(
        &mut self,
        origin: Program,
        anew: Option<Box<Verified>>,
    ) -> Result<Arc<Linked>, Vec<LoadError>> {
        let verified = anew.as_deref().unwrap_or_else(|| origin.verified());
        let chunk = verified.chunk();
        let mut errors = Vec::new();
        let mut ops = Vec::with_capacity(chunk.imports.len());
        for import in &chunk.imports {
            match self.table.resolve(import) {
                Ok(desc) => ops.push(desc),
                Err(error) => {
                    let source = chunk.source.clone();
                    errors.push(LoadError::Import { source, error });
                }
            }
        }
        if self.shell.is_none() {
            errors.extend(verified.grants().iter().map(|pc| LoadError::Grant {
                site: Box::new(site(chunk, *pc)),
            }));
        }
        if verified.is_raw() {
            self.check_handlers(chunk, &mut errors);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let names = origin.0.names().iter();
        let symbols = names.map(|name| self.intern(name)).collect();
        Linked::new((origin, anew), symbols, ops, self.table)
    }

    fn check_handlers(&self, chunk: &Chunk, errors: &mut Vec<LoadError>) {
        for (pc, op) in chunk.ops.iter().enumerate() {
            let missing = match op {
                Op::Extended(..) => !self.raw.is_set(),
                Op::ExtendedWide(..) => !self.raw_wide.is_set(),
                _other => false,
            };
            if missing {
                let site = Box::new(site(chunk, pc));
                errors.push(LoadError::Handler { site });
            }
        }
    }
}

fn verify_errors(errors: &VerifyErrors) -> Error {
    Error::load(errors.iter().cloned().map(LoadError::Verify).collect())
}

/// The place of an op, outside any call.
pub(super) fn site(chunk: &Chunk, pc: usize) -> Site {
    let import = chunk.packed(pc).filter(|_| chunk.language.is_some());
    let name = import.and_then(|(id, _)| chunk.imports.get(usize::from(id)));
    Site {
        source: chunk.source.clone(),
        line: chunk.line(pc),
        pc,
        op: match (name, chunk.ops.get(pc)) {
            (Some(import), _) => import.name.as_str().to_owned(),
            (None, Some(op)) => op.name().to_owned(),
            (None, None) => String::new(),
        },
        function: None,
        place: chunk.place(pc),
    }
}
