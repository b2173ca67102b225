//! What `--help`, `--version` and `:help` say.

/// Arguments worth knowing, and what they do.
const EXAMPLES: [(&str, &str); 6] = [
    ("FILE", "run a program"),
    ("-e 'CODE'", "run a line"),
    ("--dump --no-run FILE", "look at its bytecode"),
    ("--emit OUT --no-run FILE", "compile it into OUT"),
    ("OUT", "run what was compiled"),
    ("", "start the REPL; `:help` shows more"),
];

/// The text of `--help`.
pub(super) fn usage(name: &str, exit_compile: u8, exit_trap: u8) -> String {
    let examples: String = EXAMPLES
        .map(|(args, what)| format!("  {:<36} {what}\n", format!("{name} {args}")))
        .concat();
    format!(
        "\
Runs programs of the language {name}.

Usage: {name} [OPTIONS] [FILE] [ARGS...]
       {name} run [OPTIONS] FILE [ARGS...]
       {name} [OPTIONS] -e CODE [ARGS...]

FILE is a source text, a compiled chunk, or (if its name ends in .fvm) bytecode as
--dump shows it; `-` is standard input. Without FILE and -e the program comes from
standard input; on a terminal a REPL starts.
ARGS are the program's own: strings in the global ARGV.

Options:
  -e CODE          run CODE; given several times, the lines of one program
      --repl       start a REPL, after FILE or CODE if there is one
      --history F  keep the lines of the REPL in file F
      --dump       show the bytecode before it runs, and its register form
      --emit F     write the compiled chunk to file F
      --no-run     do not run: with --dump, with --emit, or to check a program
      --time       show how long compiling, loading and running took
      --profile    show what ran how often: ops, pairs of them, functions, lines;
                   it runs in the base interpreter
      --fuel N     stop after about N ops; in a REPL, in each input
      --max-depth N
                   stop at N open calls
      --no-fuse    run every op on its own, without fused sequences
      --no-lower   run bytecode as it is, in the base interpreter
      --reference  show the language's own ops: signature, effect, cost, meaning
      --explain OP show the same of one op
      --no-jit     run without machine code; --jit, with it, is the default
      --jit-listing
                   show at the end what was compiled to machine code, and how
  -h, --help       show this text
  -V, --version    show the version

Examples:
{examples}
Exit codes: 0 it ran; 2 the arguments make no sense; 66 a file cannot be read;
73 a file cannot be written; {exit_compile} the program does not compile or load;
{exit_trap} it stopped with an error.
"
    )
}

/// The text of `--version`.
pub(super) fn version(name: &str) -> String {
    format!("{name} (fusevm {})", env!("CARGO_PKG_VERSION"))
}

/// A command of the REPL, with what it does.
pub(super) const COMMANDS: [(&str, &str); 9] = [
    ("help", "show this text"),
    ("dump", "show the bytecode of each input, or stop to"),
    ("time", "show how long each input took, or stop to"),
    ("globals", "show the globals"),
    ("functions", "show the functions"),
    ("load", "run FILE: what it defines stays"),
    ("reset", "forget everything"),
    ("quit", "end"),
    ("q", "end"),
];

/// The text of `:help`.
pub(super) fn commands() -> String {
    let mut text = String::from(
        "Type code to run it. An input that is not finished goes on in the next line;\n\
         two empty lines give it up.\n",
    );
    for (name, what) in COMMANDS.iter().filter(|(name, _)| name.len() > 1) {
        let operand = if *name == "load" { " FILE" } else { "" };
        text.push_str(&format!("  {:<12} {what}\n", format!(":{name}{operand}")));
    }
    text
}
