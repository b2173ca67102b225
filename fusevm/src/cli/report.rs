//! Errors as people read them: the message, the line it points at, and how control came there.

use super::excerpt::Excerpt;
use crate::chunk::{BuildError, BuildErrors, Chunk, Span};
use crate::vm::{Error, LoadError, Site};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use std::collections::HashMap;
use std::rc::Rc;

/// Errors of one text that are shown.
const MAX_ERRORS: usize = 20;

/// Calls of a chain that are shown at its innermost and at its outermost end.
const CALLS: (usize, usize) = (10, 5);

/// Bytes into a line behind which nothing is shown of it: it was not written by hand.
const FAR: usize = 4_000;

/// The texts of all that was compiled, by name, and how errors in them are shown.
pub(super) struct Report {
    texts: HashMap<String, Rc<str>>,
    renderer: Renderer,
}

/// Where an error points at.
#[derive(Clone, Copy)]
struct At<'a> {
    source: &'a str,
    span: Option<&'a Span>,
    line: u32,
}

impl Report {
    pub(super) fn new(color: bool) -> Self {
        let renderer = match color {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        Self {
            texts: HashMap::new(),
            renderer,
        }
    }

    /// Keeps the text of a source; a later one of the same name takes its place.
    pub(super) fn keep(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), text.into());
    }

    /// The text of a source, if it was kept.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(|text| &**text)
    }

    /// Errors of compiling a source.
    pub(super) fn build(&self, source: &str, errors: &BuildErrors) -> String {
        // A front end that stops at an error leaves functions open and labels unbound.
        let own = |e: &BuildError| matches!(e, BuildError::Source(_));
        let stopped = errors.iter().any(own);
        let shown = errors.iter().filter(|e| !stopped || own(e)).map(|error| {
            let (text, line) = (error.to_string(), error.line().unwrap_or(0));
            let message = text
                .strip_prefix(&format!("line {line}: "))
                .unwrap_or(&text);
            let span = error.span();
            let at = At {
                source,
                span: span.as_ref(),
                line,
            };
            match error {
                BuildError::Source(diagnostic) => self.message(message, at, diagnostic.notes()),
                _ => self.message(message, at, &[]),
            }
        });
        some_of(shown)
    }

    /// A trap with its call chain, `message` being why, or all that keeps `chunk` from loading.
    pub(super) fn error(&self, chunk: Option<&Chunk>, error: &Error, message: &str) -> String {
        if !error.load_errors().is_empty() {
            return some_of(
                error
                    .load_errors()
                    .iter()
                    .map(|e| self.load_error(chunk, e)),
            );
        }
        let site = error.site();
        let span = site.and_then(Site::span);
        let at = site.map(|site| At {
            source: site.source.as_str(),
            span: span.as_ref(),
            line: site.line,
        });
        let mut text = self.message_at(message, at, &[]);
        // What the excerpt's header says needs no chain.
        let alone = error.trace().len() == 1 && site.is_some_and(|s| s.function.is_none());
        if !(alone && at.is_some_and(|at| self.excerpt(at).is_some())) {
            text.push_str(&chain(error.trace()));
        }
        text
    }

    fn load_error(&self, chunk: Option<&Chunk>, error: &LoadError) -> String {
        let (message, source, line, pc, span) = match error {
            LoadError::Verify(e) => {
                let place = chunk.zip(e.pc).and_then(|(chunk, pc)| chunk.place(pc));
                let span = place.map(|p| p.start as usize..p.end as usize);
                let op = e.op.as_deref();
                (
                    e.rule.to_string(),
                    e.source.as_str(),
                    e.line,
                    e.pc.zip(op),
                    span,
                )
            }
            LoadError::Import { source, error } => {
                (error.to_string(), source.as_str(), 0, None, None)
            }
            LoadError::Immediate { site, message } => {
                let op = Some((site.pc, site.op.as_str()));
                (
                    message.clone(),
                    site.source.as_str(),
                    site.line,
                    op,
                    site.span(),
                )
            }
            LoadError::Grant { site } => {
                let op = Some((site.pc, site.op.as_str()));
                let message = "this op touches the outside world, which was not granted";
                (
                    message.to_owned(),
                    site.source.as_str(),
                    site.line,
                    op,
                    site.span(),
                )
            }
            LoadError::Handler { site } => {
                let op = Some((site.pc, site.op.as_str()));
                let message = "the op has no handler";
                (
                    message.to_owned(),
                    site.source.as_str(),
                    site.line,
                    op,
                    site.span(),
                )
            }
        };
        let at = At {
            source,
            span: span.as_ref(),
            line,
        };
        let op: Vec<String> = pc
            .iter()
            .map(|(pc, op)| format!("in the bytecode: @{pc} {op}"))
            .collect();
        self.message(&message, at, &op)
    }

    /// The part of a source that is pointed at, when its text is known.
    fn excerpt(&self, at: At<'_>) -> Option<Excerpt<'_>> {
        let text = self.texts.get(at.source)?;
        match at.span {
            Some(span) => Some(Excerpt::of_span(text, span)),
            None => Excerpt::of_line(text, at.line as usize),
        }
    }

    fn message(&self, message: &str, at: At<'_>, notes: &[String]) -> String {
        self.message_at(message, Some(at), notes)
    }

    fn message_at(&self, message: &str, at: Option<At<'_>>, notes: &[String]) -> String {
        let mut elements: Vec<Element<'_>> = Vec::new();
        if let Some(at) = at {
            let name = match at.source {
                "" => "chunk",
                name => name,
            };
            let found = self.excerpt(at);
            if let Some(far) = found.as_ref().filter(|e| e.part.start > FAR) {
                let column = far.text[..far.part.start].chars().count() + 1;
                elements.push(Origin::path(name).line(far.line).char_column(column).into());
            } else if let Some(found) = found {
                let part = AnnotationKind::Primary.span(found.part);
                let snippet = Snippet::source(found.text)
                    .path(name)
                    .line_start(found.line);
                elements.push(snippet.annotation(part).into());
            } else {
                let origin = Origin::path(name);
                elements.push(match at.line {
                    0 => origin.into(),
                    line => origin.line(line as usize).into(),
                });
            }
        }
        elements.extend(notes.iter().map(|note| Level::NOTE.message(note).into()));
        let group = Group::with_title(Level::ERROR.primary_title(message)).elements(elements);
        let mut text = self.renderer.render(&[group]);
        text.push('\n');
        text
    }
}

/// The first of many messages.
fn some_of(mut messages: impl Iterator<Item = String>) -> String {
    let mut text: String = messages.by_ref().take(MAX_ERRORS).collect();
    match messages.count() {
        0 => {}
        more => text.push_str(&format!("... and {more} more errors\n")),
    }
    text
}

/// A call chain, a line for each call, innermost first; of a long one the two ends.
fn chain(sites: &[Site]) -> String {
    let line = |site: &Site| match &site.function {
        Some(name) => format!("  at {} in {name}()\n", site.position()),
        None => format!("  at {} in the main program\n", site.position()),
    };
    let (inner, outer) = CALLS;
    if sites.len() <= inner + outer + 1 {
        return sites.iter().map(line).collect();
    }
    let mut text: String = sites[..inner].iter().map(line).collect();
    text.push_str("  ... more calls\n");
    text.extend(sites[sites.len() - outer..].iter().map(line));
    text
}
