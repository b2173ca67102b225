use fusevm::prelude::*;

fn main() {
    let _ = fusevm_chunk! { ();
        let fixed: Value = [1];
        core_ops::slot_push(fixed, 2);
        let mut typed = [1];
        core_ops::slot_push(typed, 2);
        let mut open: Value = [1];
        core_ops::slot_push(open, 2);
        core_ops::slot_push(0, 2);
        core_ops::slot_push(missing, 2);
        core_ops::slot_push(#(0_u16), 2);
    };
}
