//! What lives in the heap: closures, classes, instances, bound methods.
//!
//! All closures of one declaration have a shape, all instances of a class have one, and each class has its own.
//! So a place in a program that calls, or looks a property up, does so once for a shape; from then on the VM
//! knows what is called, or in which field the property stands. Captured variables are the VM's own cells.

use fusevm::prelude::*;
use std::collections::HashMap;

use super::fault::Fault;

#[derive(Object)]
pub struct Closure {
    #[trace(skip)]
    pub function: Func,
    pub arity: usize,
    pub captured: Vec<Ref>,
}

#[derive(Object)]
#[object(bytes = Class::owns)]
pub struct Class {
    pub name: Str,
    /// By symbol, those of the superclass among them.
    pub methods: HashMap<u32, Obj<Closure>>,
    pub initializer: Option<Obj<Closure>>,
    /// In which field of an instance the property of a symbol stands.
    pub places: HashMap<u32, usize>,
    /// What instances have in common: the methods, and where their properties are.
    #[trace(skip)]
    pub instances: Shape,
}

/// Its properties are its fields in the heap.
#[derive(Object)]
pub struct Instance {
    pub class: Obj<Class>,
}

#[derive(Object)]
pub struct Bound {
    pub receiver: Value,
    pub method: Obj<Closure>,
}

impl Closure {
    pub fn cell(&self, at: u32) -> Result<Ref, Fault> {
        self.captured
            .get(at as usize)
            .copied()
            .ok_or(Fault::NotCaptured)
    }
}

impl Class {
    pub fn new(name: &str, instances: Shape) -> Self {
        Self {
            name: name.into(),
            methods: HashMap::new(),
            initializer: None,
            places: HashMap::new(),
            instances,
        }
    }

    fn owns(&self) -> usize {
        32 * (self.methods.capacity() + self.places.capacity())
    }

    /// The field of a property, a new one if need be.
    fn place(&mut self, symbol: u32) -> usize {
        let next = self.places.len();
        *self.places.entry(symbol).or_insert(next)
    }
}

/// A property of an instance: the field it stands in, or a method.
pub enum Property {
    Field(usize),
    Method(Obj<Closure>),
}

/// The property of an instance, by its name.
pub fn find(heap: &Heap, object: Obj<Instance>, name: Name<'_>) -> Result<Property, Fault> {
    let class = heap.get(heap.get(object)?.class)?;
    if let Some(place) = class.places.get(&name.symbol()).copied()
        && heap.field(object, place)?.is_some()
    {
        return Ok(Property::Field(place));
    }
    method(class, name).map(Property::Method)
}

pub fn method(class: &Class, name: Name<'_>) -> Result<Obj<Closure>, Fault> {
    let method = class.methods.get(&name.symbol()).copied();
    method.ok_or_else(|| Fault::UndefinedProperty(name.as_str().into()))
}

/// The field of an instance that a property of that name goes to.
pub fn place(heap: &mut Heap, object: Obj<Instance>, name: Name<'_>) -> Result<usize, Fault> {
    let class = heap.get(object)?.class;
    let mut class = heap.get_mut(class)?;
    let place = class.place(name.symbol());
    if class.methods.contains_key(&name.symbol()) {
        // It hides the method, which other instances still have.
        heap.set_shape(object, None)?;
    }
    Ok(place)
}
