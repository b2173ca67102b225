//! Every op, one row each. Adding an op starts (and often ends) here.
//!
//! A row reads
//!
//! ```text
//! /// What it means.
//! how snake_name = Name(operand: Kind, …) {inputs -- outputs} [FLAGS] => [expansion];
//! ```
//!
//! * `how` says who computes it: `pure` rows are `semantics::<family>::<snake_name>`, values in and
//!   one value out; `own` rows are `interp::<family>::<snake_name>`, which also see the machine;
//!   `fused` rows are the sum of their expansion, with a fast path in `interp::fused`.
//! * Operand kinds are those of [`OperandKind`](super::OperandKind); they fix the Rust type of the
//!   field, its check, its text and its wire form.
//! * The effect lists stack values, deepest first. `..n` stands for as many values as operand `n`
//!   says. What depends on more than the row (the result of `Call`) is said in `verify`.
//! * Only fused rows have an expansion: the ops they stand for, in order. In a fused loop the jump
//!   targets are indices into the expansion itself.
//!
//! The wire number of an op is its position here, so rows are only ever appended to a family when
//! the wire version changes.

macro_rules! for_each_op {
    ($then:ident) => {
        $then! {
            /// Constants and stack shape.
            mod stack {
                /// Does nothing.
                own nop = Nop {--} [PURE];
                /// Pushes an integer.
                own load_int = LoadInt(value: Int) {-- v} [PURE];
                /// Pushes a float; −0.0 and NaN are kept.
                own load_float = LoadFloat(value: Float) {-- v} [PURE];
                /// Pushes constant `k` of the pool.
                own load_const = LoadConst(k: Const) {-- v} [PURE];
                /// Pushes `true`.
                own load_true = LoadTrue {-- v} [PURE];
                /// Pushes `false`.
                own load_false = LoadFalse {-- v} [PURE];
                /// Pushes Undef.
                own load_undef = LoadUndef {-- v} [PURE];
                /// Drops the top value.
                own pop = Pop {a --} [PURE];
                /// Copies the top value.
                own dup = Dup {a -- a a} [PURE];
                /// Copies the two top values.
                own dup2 = Dup2 {a b -- a b a b} [PURE];
                /// Exchanges the two top values.
                own swap = Swap {a b -- b a} [PURE];
                /// Brings the third value to the top.
                own rot = Rot {a b c -- b c a} [PURE];
            }
            /// Globals, slots and scopes.
            mod local {
                /// Pushes the global `name`; one that was never set is Undef, or a trap under `unset = trap` and `strict`.
                own get_var = GetVar(name: Name) {-- v} [TRAPS];
                /// Sets the global `name`; one that was never declared is a trap under `unset = strict`.
                own set_var = SetVar(name: Name) {v --} [TRAPS];
                /// Declares the global `name` with its initial value; stores like `SetVar`.
                own declare_var = DeclareVar(name: Name) {v --} [];
                /// Pushes slot `s` of the current frame; Undef when it was never written.
                own get_slot = GetSlot(s: Slot) {-- v} [];
                /// Writes slot `s` of the current frame.
                own set_slot = SetSlot(s: Slot) {v --} [TRAPS];
                /// Element `i` of the array in slot `s`; out of range or of another kind: Undef.
                own slot_array_get = SlotArrayGet(s: Slot) {i -- v} [];
                /// Sets element `i` of the array in slot `s`, in place.
                own slot_array_set = SlotArraySet(s: Slot) {v i --} [TRAPS];
                /// Opens a scope with fresh slots of its own.
                own push_frame = PushFrame {--} [TRAPS];
                /// Closes the innermost scope and drops what was pushed since it was opened.
                own pop_frame = PopFrame {--} [];
            }
            /// Arrays in globals, and making arrays.
            mod array {
                /// Pushes the global `name`, like `GetVar`.
                own get_array = GetArray(name: Name) {-- v} [TRAPS];
                /// Sets the global `name`, like `SetVar`.
                own set_array = SetArray(name: Name) {v --} [TRAPS];
                /// Stores a fresh empty array in the global `name`.
                own declare_array = DeclareArray(name: Name) {--} [];
                /// Element `i` of the array; a negative index counts from the end; Undef when there is none.
                own array_get = ArrayGet(name: Name) {i -- v} [];
                /// Sets element `i`; past the end the array is padded with Undef.
                own array_set = ArraySet(name: Name) {v i --} [TRAPS];
                /// Appends `v`.
                own array_push = ArrayPush(name: Name) {v --} [TRAPS];
                /// Removes and pushes the last element; Undef when empty.
                own array_pop = ArrayPop(name: Name) {-- v} [TRAPS];
                /// Removes and pushes the first element, in O(1) amortised; Undef when empty.
                own array_shift = ArrayShift(name: Name) {-- v} [TRAPS];
                /// Number of elements; 0 for another kind of value.
                own array_len = ArrayLen(name: Name) {-- n} [];
                /// Makes an array of the `n` top values, deepest first.
                own make_array = MakeArray(n: Count) {..n -- array} [TRAPS];
                /// The integers from `from` to `to`, both included.
                pure range = Range {from to -- array} [PURE | TRAPS];
                /// The integers from `from` to `to` by `step`; a negative step descends; step 0 gives none.
                pure range_step = RangeStep {from to step -- array} [PURE | TRAPS];
                /// Sorts by text, stably.
                pure sort_default = SortDefault {array -- sorted} [PURE | TRAPS];
            }
            /// Hashes in globals, and making hashes.
            mod hash {
                /// Pushes the global `name`, like `GetVar`.
                own get_hash = GetHash(name: Name) {-- v} [TRAPS];
                /// Sets the global `name`, like `SetVar`.
                own set_hash = SetHash(name: Name) {v --} [TRAPS];
                /// Stores a fresh empty hash in the global `name`.
                own declare_hash = DeclareHash(name: Name) {--} [];
                /// Value of key `k`; Undef when there is none.
                own hash_get = HashGet(name: Name) {k -- v} [TRAPS];
                /// Sets key `k`.
                own hash_set = HashSet(name: Name) {v k --} [TRAPS];
                /// Removes key `k` and pushes what it held, or Undef.
                own hash_delete = HashDelete(name: Name) {k -- v} [TRAPS];
                /// Whether there is a key `k`.
                own hash_exists = HashExists(name: Name) {k -- bool} [TRAPS];
                /// The keys in insertion order.
                own hash_keys = HashKeys(name: Name) {-- array} [TRAPS];
                /// The values in insertion order.
                own hash_values = HashValues(name: Name) {-- array} [TRAPS];
                /// Makes a hash of `n` stack values (key, value, key, value …); `n` is even; the last of equal keys wins.
                own make_hash = MakeHash(n: Count) {..n -- hash} [TRAPS];
            }
            /// Arithmetic on numbers.
            mod arith {
                /// `a + b`: integers under the overflow policy, else floats.
                pure add = Add {a b -- r} [PURE | TRAPS | NUMBERS];
                /// `a - b`: integers under the overflow policy, else floats.
                pure sub = Sub {a b -- r} [PURE | TRAPS | NUMBERS];
                /// `a * b`: integers under the overflow policy, else floats.
                pure mul = Mul {a b -- r} [PURE | TRAPS | NUMBERS];
                /// `a / b`, always a float; by zero: Undef, a trap under `zero_div = trap`, an infinity or NaN under `float`.
                pure div = Div {a b -- r} [PURE | TRAPS | NUMBERS];
                /// Remainder with the sign of `a`; integer by zero: 0, a trap under `zero_div = trap`, NaN under `float`.
                pure modulo = Mod {a b -- r} [PURE | TRAPS | NUMBERS];
                /// `a` to the power `b`: an integer to an integer ≥ 0 under the overflow policy, else a float.
                pure pow = Pow {a b -- r} [PURE | TRAPS | NUMBERS];
                /// `-a`: an integer under the overflow policy, else a float.
                pure negate = Negate {a -- r} [PURE | TRAPS | NUMBERS];
                /// `a + 1`.
                pure inc = Inc {a -- r} [PURE | TRAPS | NUMBERS];
                /// `a - 1`.
                pure dec = Dec {a -- r} [PURE | TRAPS | NUMBERS];
            }
            /// Strings.
            mod string {
                /// The text of `a` followed by the text of `b`; appends in place when `a` is held only here.
                pure concat = Concat {a b -- s} [PURE | TRAPS];
                /// The text of `s`, `n` times; `n` ≤ 0 gives the empty string.
                pure string_repeat = StringRepeat {s n -- s} [PURE | TRAPS];
                /// Length in bytes of the text; of an array or a hash the number of elements.
                pure string_len = StringLen {v -- n} [PURE | TRAPS];
            }
            /// Comparison.
            mod compare {
                /// `a == b` as numbers.
                pure num_eq = NumEq {a b -- bool} [PURE | TRAPS | NUMBERS];
                /// `a != b` as numbers.
                pure num_ne = NumNe {a b -- bool} [PURE | TRAPS | NUMBERS];
                /// `a < b` as numbers.
                pure num_lt = NumLt {a b -- bool} [PURE | TRAPS | NUMBERS];
                /// `a > b` as numbers.
                pure num_gt = NumGt {a b -- bool} [PURE | TRAPS | NUMBERS];
                /// `a <= b` as numbers.
                pure num_le = NumLe {a b -- bool} [PURE | TRAPS | NUMBERS];
                /// `a >= b` as numbers.
                pure num_ge = NumGe {a b -- bool} [PURE | TRAPS | NUMBERS];
                /// −1, 0 or 1 as `a` is less than, equal to or greater than `b`; 0 with NaN.
                pure spaceship = Spaceship {a b -- n} [PURE | TRAPS | NUMBERS];
                /// Whether the texts are equal.
                pure str_eq = StrEq {a b -- bool} [PURE | TRAPS];
                /// Whether the texts differ.
                pure str_ne = StrNe {a b -- bool} [PURE | TRAPS];
                /// Whether the text of `a` comes before that of `b`, by bytes.
                pure str_lt = StrLt {a b -- bool} [PURE | TRAPS];
                /// Whether the text of `a` comes after that of `b`, by bytes.
                pure str_gt = StrGt {a b -- bool} [PURE | TRAPS];
                /// Not `StrGt`.
                pure str_le = StrLe {a b -- bool} [PURE | TRAPS];
                /// Not `StrLt`.
                pure str_ge = StrGe {a b -- bool} [PURE | TRAPS];
                /// −1, 0 or 1 by the byte order of the texts.
                pure str_cmp = StrCmp {a b -- n} [PURE | TRAPS];
            }
            /// Logic and bits.
            mod bits {
                /// Whether `a` is false.
                pure log_not = LogNot {a -- bool} [PURE];
                /// Whether both are true; both are computed.
                pure log_and = LogAnd {a b -- bool} [PURE];
                /// Whether one is true; both are computed.
                pure log_or = LogOr {a b -- bool} [PURE];
                /// Bitwise and.
                pure bit_and = BitAnd {a b -- n} [PURE | TRAPS | NUMBERS];
                /// Bitwise or.
                pure bit_or = BitOr {a b -- n} [PURE | TRAPS | NUMBERS];
                /// Bitwise exclusive or.
                pure bit_xor = BitXor {a b -- n} [PURE | TRAPS | NUMBERS];
                /// Bitwise complement.
                pure bit_not = BitNot {a -- n} [PURE | TRAPS | NUMBERS];
                /// Shift left by the low six bits of `b`.
                pure shl = Shl {a b -- n} [PURE | TRAPS | NUMBERS];
                /// Arithmetic shift right by the low six bits of `b`.
                pure shr = Shr {a b -- n} [PURE | TRAPS | NUMBERS];
            }
            /// Jumps.
            mod control {
                /// Continues at `to`.
                own jump = Jump(to: Target) {--} [ENDS];
                /// Pops `c`; continues at `to` when it is true.
                own jump_if_true = JumpIfTrue(to: Target) {c --} [];
                /// Pops `c`; continues at `to` when it is false.
                own jump_if_false = JumpIfFalse(to: Target) {c --} [];
                /// Continues at `to` when `c` is true; `c` stays on both paths.
                own jump_if_true_keep = JumpIfTrueKeep(to: Target) {c -- c} [];
                /// Continues at `to` when `c` is false; `c` stays on both paths.
                own jump_if_false_keep = JumpIfFalseKeep(to: Target) {c -- c} [];
            }
            /// Calls.
            mod call {
                /// Calls the function `name`; its arguments become the bottom of its frame, the first deepest.
                /// Leaves one result when the function returns a value on some path.
                own call = Call(name: Function, argc: Argc) {..argc -- r} [TRAPS | CALLS];
                /// Leaves the function and drops its stack; leaves Undef for the caller when another path returns a value.
                own return_void = Return {--} [ENDS];
                /// Leaves the function, drops its stack and leaves `v` for the caller.
                own return_value = ReturnValue {v --} [ENDS];
                /// Calls the registered builtin `id`.
                own call_builtin = CallBuiltin(id: Builtin, argc: Argc) {..argc -- r} [TRAPS | CALLS];
                /// Runs ext op `id` with 8 bits of immediates; its effect is declared by the op.
                own extended = Extended(id: Ext, arg: Packed) {--} [TRAPS | CALLS];
                /// Runs ext op `id` with up to 64 bits of immediates; its effect is declared by the op.
                own extended_wide = ExtendedWide(id: Ext, arg: PackedWide) {--} [TRAPS | CALLS];
            }
            /// Input and output.
            mod io {
                /// Writes the texts of the `n` top values, deepest first.
                own print = Print(n: Argc) {..n --} [TRAPS];
                /// Like `Print`, with a line break after the last.
                own print_ln = PrintLn(n: Argc) {..n --} [TRAPS];
                /// Reads a line without its line break; Undef at the end of the input.
                own read_line = ReadLine {-- v} [TRAPS];
            }
            /// Ops that run a block for each element.
            mod higher {
                /// The array of what block `b` gives for each element.
                own map_block = MapBlock(b: Block) {array -- mapped} [TRAPS];
                /// The elements for which block `b` gives a true value.
                own grep_block = GrepBlock(b: Block) {array -- kept} [TRAPS];
                /// Sorts stably by block `b`, which gives a number for two elements.
                own sort_block = SortBlock(b: Block) {array -- sorted} [TRAPS];
                /// Runs block `b` for each element.
                own for_each_block = ForEachBlock(b: Block) {array --} [TRAPS];
            }
            /// Fused superinstructions: sums of other ops, nothing more.
            mod fused {
                /// Increments slot `s` and pushes it.
                fused pre_inc_slot = PreIncSlot(s: Slot) {-- v} [TRAPS | FUSED]
                    => [GetSlot(s), Inc, SetSlot(s), GetSlot(s)];
                /// Increments slot `s`.
                fused pre_inc_slot_void = PreIncSlotVoid(s: Slot) {--} [TRAPS | FUSED]
                    => [GetSlot(s), Inc, SetSlot(s)];
                /// Adds slot `b` to slot `a`.
                fused add_assign_slot_void = AddAssignSlotVoid(a: Slot, b: Slot) {--} [TRAPS | FUSED]
                    => [GetSlot(a), GetSlot(b), Add, SetSlot(a)];
                /// Continues at `to` unless slot `s` is less than `limit`.
                fused slot_lt_int_jump_if_false = SlotLtIntJumpIfFalse(s: Slot, limit: Limit, to: Target) {--} [FUSED]
                    => [GetSlot(s), LoadInt(limit.into()), NumLt, JumpIfFalse(to)];
                /// Increments slot `s`; continues at `to` while it is less than `limit`.
                fused slot_inc_lt_int_jump_back = SlotIncLtIntJumpBack(s: Slot, limit: Limit, to: Target) {--} [TRAPS | FUSED]
                    => [GetSlot(s), Inc, SetSlot(s), GetSlot(s), LoadInt(limit.into()), NumLt, JumpIfTrue(to)];
                /// `while i < limit { sum += i; i += 1 }`, in closed form when both are integers.
                fused accum_sum_loop = AccumSumLoop(sum: Slot, i: Slot, limit: Limit) {--} [TRAPS | FUSED]
                    => [GetSlot(i), LoadInt(limit.into()), NumLt, JumpIfFalse(12),
                        GetSlot(sum), GetSlot(i), Add, SetSlot(sum),
                        GetSlot(i), Inc, SetSlot(i), Jump(0)];
                /// `while i < limit { s = s . k; i += 1 }`, with one reservation.
                fused concat_const_loop = ConcatConstLoop(k: Const, s: Slot, i: Slot, limit: Limit) {--} [TRAPS | FUSED]
                    => [GetSlot(i), LoadInt(limit.into()), NumLt, JumpIfFalse(12),
                        GetSlot(s), LoadConst(k), Concat, SetSlot(s),
                        GetSlot(i), Inc, SetSlot(i), Jump(0)];
                /// `while i < limit { push i onto the array; i += 1 }`, with one reservation.
                fused push_int_range_loop = PushIntRangeLoop(name: Name, i: Slot, limit: Limit) {--} [TRAPS | FUSED]
                    => [GetSlot(i), LoadInt(limit.into()), NumLt, JumpIfFalse(10),
                        GetSlot(i), ArrayPush(name),
                        GetSlot(i), Inc, SetSlot(i), Jump(0)];
            }
            /// The outside world, through the granted `ShellHost`.
            mod shell {
                /// Runs the command whose words are the `n` top values; waits for it.
                own exec = Exec(n: Argc) {..n -- status} [TRAPS | GRANT];
                /// Starts the command in the background.
                own exec_bg = ExecBg(n: Argc) {..n -- status} [TRAPS | GRANT];
                /// Opens a pipeline of `n` stages and its first stage.
                own pipeline_begin = PipelineBegin(n: Argc) {--} [TRAPS | GRANT];
                /// Closes the stage and opens the next.
                own pipeline_stage = PipelineStage {--} [TRAPS | GRANT];
                /// Closes the pipeline; the status of its last stage.
                own pipeline_end = PipelineEnd {-- status} [TRAPS | GRANT];
                /// Redirects descriptor `fd` of the next command.
                own redirect = Redirect(fd: Fd, op: RedirectOp) {target --} [TRAPS | GRANT];
                /// Feeds constant `k` to descriptor `fd` of the next command.
                own here_doc = HereDoc(k: Const) {fd --} [TRAPS | GRANT];
                /// Feeds a word and a line break to descriptor `fd` of the next command.
                own here_string = HereString {fd word --} [TRAPS | GRANT];
                /// Runs block `b` and gives what it wrote, without trailing line breaks.
                own cmd_subst = CmdSubst(b: Block) {-- text} [TRAPS | GRANT];
                /// Enters a subshell.
                own subshell_begin = SubshellBegin {--} [TRAPS | GRANT];
                /// Leaves the subshell.
                own subshell_end = SubshellEnd {--} [TRAPS | GRANT];
                /// A path from which the output of block `b` can be read.
                own process_sub_in = ProcessSubIn(b: Block) {-- path} [TRAPS | GRANT];
                /// A path to which the input of block `b` can be written.
                own process_sub_out = ProcessSubOut(b: Block) {-- path} [TRAPS | GRANT];
                /// The paths that match a pattern.
                own glob = Glob {pattern -- array} [TRAPS | GRANT];
                /// The paths that match a pattern in which `**` crosses folders.
                own glob_recursive = GlobRecursive {pattern -- array} [TRAPS | GRANT];
                /// Whether the file passes test `t`.
                own test_file = TestFile(t: FileTest) {path -- bool} [TRAPS | GRANT];
                /// Sets the last status to the integer of `v`.
                own set_status = SetStatus {v --} [];
                /// Pushes the last status.
                own get_status = GetStatus {-- status} [];
                /// Runs block `b` when the signal arrives.
                own trap_set = TrapSet(b: Block) {signal --} [TRAPS | GRANT];
                /// Runs the blocks of the signals that have arrived.
                own trap_check = TrapCheck {--} [TRAPS | GRANT | CALLS];
                /// Expands a parameter by modifier `m`, which says how many arguments follow the value.
                own expand_param = ExpandParam(m: ParamMod) {..m -- v} [TRAPS | GRANT];
                /// Splits a text into words.
                own word_split = WordSplit {text -- array} [TRAPS | GRANT];
                /// Expands braces in a text.
                own brace_expand = BraceExpand {text -- array} [TRAPS | GRANT];
                /// Expands a leading tilde.
                own tilde_expand = TildeExpand {text -- text} [TRAPS | GRANT];
            }
        }
    };
}
pub(crate) use for_each_op;
