//! What can be watched about the shape of the project is watched here.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with that ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => open.push(path),
                false if path.to_string_lossy().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} files in {folder}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Source lines that are code: no comments, no tests at the end of a file.
fn code(path: &Path) -> String {
    let text = read(path);
    let text = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or("")
        .to_owned();
    text.lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A file that is written from the op table says what it should.
fn assert_fresh(path: &str, fresh: &str) {
    let file = root().join(path);
    if std::env::var_os("FUSEVM_BLESS").is_some() {
        fs::write(&file, fresh).expect("the file can be written");
    }
    assert!(
        read(&file) == fresh,
        "{path} is stale: FUSEVM_BLESS=1 cargo test"
    );
}

#[test]
fn the_op_reference_is_fresh() {
    assert_fresh("fusevm/doc/ops.md", &fusevm::op::reference());
}

#[test]
fn the_ops_the_macros_know_are_fresh() {
    use fusevm::{Flags, Opcode};
    let mut text = String::from(
        "//! The core ops as `chunk!` sees them: name, operands, whether control never goes on behind.\n\
         //! Written from the op table; `FUSEVM_BLESS=1 cargo test` renews it.\n\n\
         use super::operand::Kind::{self, *};\n\n\
         #[rustfmt::skip]\n\
         pub(crate) const OPS: &[(&str, &[Kind], bool)] = &[\n",
    );
    for info in Opcode::ALL.iter().map(|code| code.info()) {
        let kinds: Vec<String> = (info.operands.iter())
            .map(|(_, kind)| format!("{kind:?}"))
            .collect();
        let (kinds, ends) = (kinds.join(", "), info.flags.has(Flags::ENDS));
        text += &format!("    (\"{}\", &[{kinds}], {ends}),\n", info.name);
    }
    text += "];\n";
    assert_fresh("fusevm-macros/src/chunk/ops.rs", &text);
}

#[test]
fn rooms_import_in_one_direction() {
    // Each room, and what it must not know.
    let walls: [(&str, &[&str]); 9] = [
        (
            "op",
            &[
                "vm",
                "interp",
                "verify",
                "chunk",
                "ext",
                "semantics",
                "heap",
            ],
        ),
        (
            "value",
            &[
                "op",
                "semantics",
                "chunk",
                "verify",
                "interp",
                "vm",
                "ext",
                "heap",
            ],
        ),
        (
            "heap",
            &["op", "semantics", "chunk", "verify", "interp", "vm", "ext"],
        ),
        (
            "semantics",
            &["op", "chunk", "verify", "interp", "vm", "ext"],
        ),
        ("chunk", &["verify", "interp", "vm", "heap", "cli"]),
        ("verify", &["interp", "vm", "heap", "cli"]),
        ("lower", &["interp", "vm", "heap", "cli"]),
        ("jit", &["verify", "interp", "vm", "cli", "frontend"]),
        ("interp", &["cli", "frontend"]),
    ];
    let mut broken = Vec::new();
    for (room, forbidden) in walls {
        for path in files(&format!("fusevm/src/{room}"), ".rs") {
            let text = code(&path);
            // A door for users, with a VM behind it.
            let is_door = path.ends_with("jit/classic.rs");
            for other in forbidden
                .iter()
                .filter(|o| text.contains(&format!("crate::{o}::")) && !(is_door && **o == "vm"))
            {
                broken.push(format!("{} knows {other}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn nothing_is_unsafe_and_nothing_is_global() {
    let mut broken = Vec::new();
    let allowed = [
        "value/array.rs",
        "value/key.rs",
        "value/str.rs",
        "heap/mod.rs",
        "ext/language.rs",
        "ext/mod.rs",
        "op/mod.rs",
        "vm/share.rs",
        "jit/background.rs",
    ];
    for path in files("fusevm/src", ".rs")
        .into_iter()
        .chain(files("fusevm-macros/src", ".rs"))
    {
        let text = code(&path);
        let name = path.to_string_lossy().replace('\\', "/");
        let is_room = [
            "fusevm/src/jit/memory.rs",
            "fusevm/src/jit/entry.rs",
            "fusevm/src/jit/entry/calls.rs",
        ]
        .iter()
        .any(|room| name.ends_with(room));
        if !is_room
            && ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                .iter()
                .any(|w| text.contains(w))
        {
            broken.push(format!("{name} has unsafe code"));
        }
        let is_static = |l: &str| {
            let l = l
                .trim_start()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ");
            l.starts_with("static ")
        };
        let generates = name.contains("fusevm-macros");
        if !generates && text.lines().any(is_static) && !allowed.iter().any(|a| name.ends_with(a)) {
            broken.push(format!("{name} has a static"));
        }
        let outside_cli = !name.contains("/cli/");
        if outside_cli && (text.contains("env::var") || text.contains("env::args")) {
            broken.push(format!("{name} reads the environment"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for path in files("fusevm/doc", ".md")
        .into_iter()
        .chain([root().join("README.md")])
    {
        let folder = path.parent().expect("a file is in a folder");
        for link in read(&path)
            .split("](")
            .skip(1)
            .filter_map(|l| l.split(')').next())
        {
            let target = link.split('#').next().unwrap_or("");
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn programs_of_the_examples_are_small_and_the_first_language_is_a_page() {
    let calc = read(&root().join("examples/calc/main.rs"));
    let lines = calc.lines().filter(|l| !l.trim().is_empty()).count();
    assert!(
        lines <= 80,
        "examples/calc has {lines} lines; the README promises 80 at most"
    );
}
