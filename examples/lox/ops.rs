//! The ops of Lox: what the core has not.

use fusevm::prelude::*;
use std::io::{self, Write};
use std::time::Instant;

use super::fault::Fault;
use super::objects::{self, Bound, Class, Closure, Instance, Property};
use super::text::text;

/// The only native function, by its number.
pub const CLOCK: u16 = 0;

/// What a VM of Lox has beside its heap: the time when it was made.
pub struct Host {
    start: Instant,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

/// The function of a closure, if it takes so many arguments.
fn function(heap: &Heap, callee: Obj<Closure>, got: usize) -> Result<Func, Fault> {
    let closure = heap.get(callee)?;
    let takes = closure.arity;
    if takes != got {
        return Err(Fault::Arity { takes, got });
    }
    Ok(closure.function.clone())
}

/// The call of a closure; its first argument comes before those on the stack.
fn enter(heap: &Heap, callee: Obj<Closure>, first: Option<Value>, got: usize) -> Called {
    Ok(Invoke::Call {
        function: function(heap, callee, got)?,
        callee: callee.into(),
        first,
    })
}

type Called = Result<Invoke, Fault>;

/// The call of any value.
fn enter_value(heap: &mut Heap, host: &Host, callee: &Value, got: usize) -> Called {
    if let Some(closure) = heap.downcast::<Closure>(callee) {
        return enter(heap, closure, None, got);
    }
    if let Some(bound) = heap.downcast::<Bound>(callee) {
        let bound = heap.get(bound)?;
        return enter(heap, bound.method, Some(bound.receiver.clone()), got);
    }
    if let Some(class) = heap.downcast::<Class>(callee) {
        return Ok(instantiate(heap, class, got)?.once(callee, heap)?);
    }
    match callee {
        Value::NativeFn(CLOCK) => Ok(Invoke::Value(host.start.elapsed().as_secs_f64().into())),
        _ => Err(Fault::NotCallable),
    }
}

/// A new instance, with the initializer still to be called.
fn instantiate(heap: &Heap, class: Obj<Class>, got: usize) -> Called {
    let Class {
        initializer,
        instances,
        ..
    } = *heap.get(class)?;
    let make = Maker::new(move |heap| heap.alloc_shaped(Instance { class }, instances));
    let then = match (initializer, got) {
        (Some(method), got) => Some((function(heap, method, got)?, method.handle())),
        (None, 0) => None,
        (None, got) => return Err(Fault::Arity { takes: 0, got }),
    };
    Ok(Invoke::Make { make, then })
}

fn bind(heap: &mut Heap, receiver: Value, method: Obj<Closure>) -> Result<Value, Fault> {
    Ok(heap.alloc(Bound { receiver, method })?.into())
}

#[fusevm::ops(super::Lox)]
pub mod all {
    use super::*;

    /// Prints a value and a line break; that takes as long as some ten ops.
    #[ext_op(cost = 10)]
    pub fn print(value: &Value, heap: &mut Heap, out: &mut Output) -> io::Result<()> {
        match value.as_str() {
            Some(text) => writeln!(out, "{text}"),
            None => writeln!(out, "{}", text(heap, value)),
        }
    }

    // Operators and truth.

    /// Joins two strings; numbers are the core's.
    #[ext_op(pure, alt = add_others)]
    pub fn add(mut a: Str, b: &str) -> Str {
        a.push_str(b);
        a
    }

    /// Refuses operands that are not two numbers or two strings.
    #[ext_op]
    pub fn add_others(a: &Value, b: &Value) -> Result<Str, Fault> {
        let _ = (a, b);
        Err(Fault::NotTwoNumbersOrStrings)
    }

    /// Refuses operands that are not two numbers.
    #[ext_op]
    pub fn numbers(a: &Value, b: &Value) -> Result<Value, Fault> {
        let _ = (a, b);
        Err(Fault::NotNumbers)
    }

    /// Refuses an operand that is no number.
    #[ext_op]
    pub fn number(a: &Value) -> Result<Value, Fault> {
        let _ = a;
        Err(Fault::NotANumber)
    }

    /// Whether two values are equal that are not two numbers.
    #[ext_op(pure, fast, equality)]
    pub fn equal(a: &Value, b: &Value) -> bool {
        a == b
    }

    /// Whether a value is nil or false.
    #[ext_op(inline)]
    pub fn not(value: &Value) -> bool {
        matches!(value, Value::Undef | Value::Bool(false))
    }

    // Variables of functions around the running one.

    /// The cell that the running closure has captured there.
    #[ext_op]
    pub fn captured_cell(#[imm] at: u32, #[callee] closure: &Closure) -> Result<Ref, Fault> {
        closure.cell(at)
    }

    /// The value in that cell.
    #[ext_op]
    pub fn get_captured(
        #[imm] at: u32,
        #[callee] closure: Obj<Closure>,
        heap: &mut Heap,
    ) -> Result<Value, Fault> {
        let cell = heap.get(closure)?.cell(at)?;
        Ok(heap.ref_get(cell)?)
    }

    /// Writes that cell.
    #[ext_op]
    pub fn set_captured(
        #[imm] at: u32,
        value: Value,
        #[callee] closure: Obj<Closure>,
        heap: &mut Heap,
    ) -> Result<(), Fault> {
        let cell = heap.get(closure)?.cell(at)?;
        heap.ref_set(cell, value)?;
        Ok(())
    }

    // Functions.

    /// A closure of a function with the cells that it captures.
    #[ext_op]
    pub fn closure(
        #[imm] function: Function,
        #[imm] arity: u8,
        cells: Rest<'_>,
        #[cache] shape: &mut Option<Shape>,
        heap: &mut Heap,
    ) -> Result<Obj<Closure>, Fault> {
        let cell = |value: &Value| match value {
            Value::Ref(cell) => Some(*cell),
            _ => None,
        };
        let shape = match shape {
            Some(shape) => *shape,
            None => *shape.insert(heap.new_shape()?),
        };
        let closure = Closure {
            function: function.into(),
            arity: arity.into(),
            captured: cells.iter().filter_map(cell).collect(),
        };
        Ok(heap.alloc_shaped(closure, shape)?)
    }

    /// Lets a closure capture one more cell.
    #[ext_op]
    pub fn capture(
        closure: Obj<Closure>,
        cell: Ref,
        heap: &mut Heap,
    ) -> Result<Obj<Closure>, Fault> {
        heap.get_mut(closure)?.captured.push(cell);
        Ok(closure)
    }

    /// Calls a value.
    #[ext_op]
    pub fn call(callee: &Value, args: Rest<'_>, heap: &mut Heap, host: &mut Host) -> Called {
        if let Some(closure) = heap.downcast::<Closure>(callee) {
            return Ok(Invoke::ByShape {
                function: function(heap, closure, args.len())?,
                callee: None,
                receiver: false,
            });
        }
        match heap.downcast::<Class>(callee) {
            Some(class) => instantiate(heap, class, args.len()),
            None => enter_value(heap, host, callee, args.len()),
        }
    }

    // Classes and instances.

    /// A class without methods.
    #[ext_op]
    pub fn class(#[imm] name: Name<'_>, heap: &mut Heap) -> Result<Obj<Class>, Fault> {
        let (own, instances) = (heap.new_shape()?, heap.new_shape()?);
        Ok(heap.alloc_shaped(Class::new(name.as_str(), instances), own)?)
    }

    /// Gives a class the methods of its superclass.
    #[ext_op]
    pub fn inherit(superclass: &Value, class: Obj<Class>, heap: &mut Heap) -> Result<(), Fault> {
        let superclass = heap.downcast::<Class>(superclass).ok_or(Fault::NoClass)?;
        let Class {
            methods,
            initializer,
            ..
        } = heap.get(superclass)?;
        let (methods, initializer) = (methods.clone(), *initializer);
        let mut class = heap.get_mut(class)?;
        (class.methods, class.initializer) = (methods, initializer);
        Ok(())
    }

    /// Gives a class a method, and leaves the class.
    #[ext_op]
    pub fn method(
        #[imm] name: Name<'_>,
        class: Obj<Class>,
        method: Obj<Closure>,
        heap: &mut Heap,
    ) -> Result<Obj<Class>, Fault> {
        let mut object = heap.get_mut(class)?;
        object.methods.insert(name.symbol(), method);
        if name.as_str() == "init" {
            object.initializer = Some(method);
        }
        Ok(class)
    }

    /// A field, or a method bound to its instance.
    #[ext_op]
    pub fn get_property(
        #[imm] name: Name<'_>,
        object: &Value,
        heap: &mut Heap,
    ) -> Result<Load, Fault> {
        let instance = heap.downcast::<Instance>(object);
        let instance = instance.ok_or(Fault::NoProperties)?;
        match objects::find(heap, instance, name)? {
            Property::Field(field) => Ok(Load::Field(field)),
            Property::Method(method) => bind(heap, object.clone(), method).map(Load::Value),
        }
    }

    /// Sets a field, and leaves its value.
    #[ext_op]
    pub fn set_property(
        #[imm] name: Name<'_>,
        object: &Value,
        value: &Value,
        heap: &mut Heap,
    ) -> Result<Assign, Fault> {
        let _ = value;
        let instance = heap.downcast::<Instance>(object);
        let instance = instance.ok_or(Fault::NoFields)?;
        objects::place(heap, instance, name).map(Assign)
    }

    /// Calls a method, or what a field holds.
    #[ext_op]
    pub fn invoke(
        #[imm] name: Name<'_>,
        object: &Value,
        args: Rest<'_>,
        heap: &mut Heap,
        host: &mut Host,
    ) -> Called {
        let instance = heap.downcast::<Instance>(object);
        let instance = instance.ok_or(Fault::NoMethods)?;
        match objects::find(heap, instance, name)? {
            Property::Field(field) => {
                let value = heap.field(instance, field)?.cloned().unwrap_or_default();
                enter_value(heap, host, &value, args.len())
            }
            Property::Method(method) => Ok(Invoke::ByShape {
                function: function(heap, method, args.len())?,
                callee: Some(method.handle()),
                receiver: true,
            }),
        }
    }

    /// A method of the superclass, bound to the instance.
    #[ext_op]
    pub fn get_super(
        #[imm] name: Name<'_>,
        superclass: Obj<Class>,
        this: Value,
        heap: &mut Heap,
    ) -> Result<Value, Fault> {
        let method = objects::method(heap.get(superclass)?, name)?;
        bind(heap, this, method)
    }

    /// Calls a method of the superclass; the instance comes before the arguments.
    #[ext_op]
    pub fn invoke_super(
        #[imm] name: Name<'_>,
        superclass: Obj<Class>,
        this_and_args: Rest<'_>,
        heap: &mut Heap,
    ) -> Called {
        let method = objects::method(heap.get(superclass)?, name)?;
        Ok(Invoke::ByShape {
            function: function(heap, method, this_and_args.len().saturating_sub(1))?,
            callee: Some(method.handle()),
            receiver: false,
        })
    }
}

pub use all::*;
