//! Machine code for people: what each version was made of, and names for `perf`.
//!
//! Nothing is kept unless the configuration asks for it. A listing outlives the code it is about, so that
//! one sees why a version was compiled anew.

use super::JitConfig;
use super::build::Entry;
use super::emit::Emitted;
use super::ir::Func;
use crate::chunk::Chunk;
use crate::lower::Code;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;

/// Kinds by tag.
const KINDS: [&str; 7] = ["Undef", "Bool", "Int", "Float", "Str", "Array", "Hash"];

/// What was asked for, and what there is of it.
#[derive(Debug, Default)]
pub(super) struct Listings {
    kept: bool,
    named: bool,
    versions: BTreeMap<usize, Sheet>,
    /// The file of names, once it was opened; `None` inside if that failed.
    map: Option<Option<File>>,
}

/// A version, as far as it has come.
#[derive(Debug)]
struct Sheet {
    /// The function, and where in it a loop begins.
    name: String,
    title: String,
    code: String,
    made: String,
}

impl Listings {
    pub(super) fn of(config: &JitConfig) -> Self {
        Listings {
            kept: config.listings,
            named: config.perf_map,
            ..Self::default()
        }
    }

    /// Whether emitting is to tell what it makes.
    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }

    /// Takes in what was listed elsewhere.
    pub(super) fn join(&mut self, other: Listings) {
        self.versions.extend(other.versions);
    }

    /// Version `number` is built: of that unit, for a loop from instruction `ip` on, entered with that.
    pub(super) fn built(
        &mut self,
        number: usize,
        (code, chunk): (&Code, &Chunk),
        ip: Option<u32>,
        entry: &[Entry],
    ) {
        if !(self.kept || self.named) {
            return;
        }
        let function = chunk.functions().get(code.unit as usize);
        let name = function.and_then(|f| chunk.name(f.name));
        let unit = name.map_or("main program".to_owned(), |name| name.to_string());
        let name = match ip {
            Some(ip) => format!("{unit}@{ip}"),
            None => unit.clone(),
        };
        let (mut title, mut listing) = (String::new(), String::new());
        if self.kept {
            title = format!("version {number}: {unit}, ");
            title += &match ip {
                Some(ip) => format!("the loop at {ip}"),
                None => "from its beginning".to_owned(),
            };
            title += &entered(entry);
            crate::lower::listing(&unit, code, chunk, &mut listing);
        }
        let (code, made) = (listing, String::new());
        let sheet = Sheet {
            name,
            title,
            code,
            made,
        };
        self.versions.insert(number, sheet);
    }

    /// Machine code was made of a version.
    pub(super) fn emitted(&mut self, number: usize, f: &Func, emitted: &Emitted) {
        if let Some(sheet) = self.versions.get_mut(&number).filter(|_| self.kept) {
            let (clif, text) = (&emitted.clif, &emitted.text);
            sheet.made = format!("-- middle form\n{f}\n-- CLIF\n{clif}\n-- machine code\n{text}\n");
        }
    }

    /// The code of a version lies there: its own, and the way in to it if that is apart.
    pub(super) fn placed(&mut self, number: usize, pieces: &[(usize, usize)]) {
        let Some(sheet) = self.versions.get(&number).filter(|_| self.named) else {
            return;
        };
        let map = self.map.get_or_insert_with(open_map);
        let lines = lines(&sheet.name, pieces);
        // Whoever looks does without names then.
        if map
            .as_mut()
            .is_some_and(|map| map.write_all(lines.as_bytes()).is_err())
        {
            *map = None;
        }
    }

    /// All versions that came to machine code, in order.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for sheet in self
            .versions
            .values()
            .filter(|sheet| !sheet.made.is_empty())
        {
            let (title, code, made) = (&sheet.title, &sheet.code, &sheet.made);
            // Writing to a string cannot fail.
            let _ = write!(out, "== {title}\n-- register code\n{code}{made}\n");
        }
        out
    }
}

/// What is in registers at the entry, as far as it is known.
fn entered(entry: &[Entry]) -> String {
    let mut known = Vec::new();
    for (r, entry) in entry.iter().enumerate() {
        match entry {
            Entry::Val(ty) => known.push(format!("r{r} {ty:?}")),
            Entry::Tag(tag) => {
                let kind = KINDS.get(usize::from(*tag)).copied().unwrap_or("other");
                known.push(format!("r{r} {kind} in memory"));
            }
            Entry::Any => known.push(format!("r{r} anything")),
            Entry::Plain => {}
        }
    }
    match known.is_empty() {
        true => String::new(),
        false => format!(", with {}", known.join(", ")),
    }
}

/// Lines of the map: start and size in hexadecimal, and a name.
fn lines(name: &str, pieces: &[(usize, usize)]) -> String {
    let plain = |c: char| match c.is_alphanumeric() || "_@.:$".contains(c) {
        true => c,
        false => '_',
    };
    let name: String = name.chars().map(plain).collect();
    let mut out = String::new();
    for (piece, (start, size)) in pieces.iter().enumerate().filter(|(_, (_, size))| *size > 0) {
        let way_in = if piece == 0 { "" } else { ":entry" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{start:x} {size:x} fusevm:{name}{way_in}");
    }
    out
}

/// The file in which `perf` looks for names of this process. Its name can be guessed: a link that somebody
/// has put there is not followed.
fn open_map() -> Option<File> {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW).open(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_word_and_begin_and_length_are_hexadecimal() {
        assert_eq!(
            lines("two words\n#@12", &[(0x7f00, 255), (0x8000, 0)]),
            "7f00 ff fusevm:two_words__@12\n"
        );
        assert_eq!(
            lines("f", &[(16, 1), (32, 2)]),
            "10 1 fusevm:f\n20 2 fusevm:f:entry\n"
        );
    }

    /// A loop that is hot.
    fn run(config: JitConfig) -> String {
        let text = "LoadInt 0\nSetSlot 0\ntop:\nGetSlot 0\nLoadInt 2\nAdd\nSetSlot 0\n\
                    GetSlot 0\nLoadInt 99999\nNumLt\nJumpIfTrue top\n";
        let chunk = Chunk::parse(text).expect("it is right");
        let mut vm = crate::VM::empty();
        vm.set_jit(config);
        vm.eval(&chunk).expect("it ends");
        vm.jit_listing()
    }

    #[test]
    fn nothing_is_kept_or_written_unless_asked_for() {
        assert_eq!(run(JitConfig::default()), "");
        let mut config = JitConfig {
            perf_map: true,
            background: false,
            ..JitConfig::default()
        };
        assert_eq!(run(config.clone()), "");
        let path = format!("/tmp/perf-{}.map", std::process::id());
        let map = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(&path);
        let line = map
            .lines()
            .find(|line| line.contains(" fusevm:main_program@"));
        let start = line.and_then(|line| line.split(' ').next());
        assert!(
            start.is_some_and(|start| u64::from_str_radix(start, 16).is_ok()),
            "{map:?}"
        );
        config.listings = true;
        let listing = run(config);
        let _ = std::fs::remove_file(&path);
        assert!(
            listing.starts_with("== version 0: main program, the loop at "),
            "{listing}"
        );
    }
}
