//! What lives in the heap: closures, classes, instances, bound methods.
//!
//! A class gives each field that one of its instances has ever had a place, so that a place in a
//! program remembers class and place of a property and finds it without a look-up. Captured variables
//! are the VM's own cells.

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
    /// Where in an instance the field of a symbol stands.
    pub places: HashMap<u32, usize>,
}

#[derive(Object)]
#[object(bytes = Instance::owns)]
pub struct Instance {
    pub class: Obj<Class>,
    /// By the places of the class; `None` where this instance has no such field.
    pub fields: Vec<Option<Value>>,
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
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            methods: HashMap::new(),
            initializer: None,
            places: HashMap::new(),
        }
    }

    fn owns(&self) -> usize {
        32 * (self.methods.capacity() + self.places.capacity())
    }

    /// The place of a field, a new one if need be.
    fn place(&mut self, symbol: u32) -> usize {
        let next = self.places.len();
        *self.places.entry(symbol).or_insert(next)
    }
}

impl Instance {
    fn owns(&self) -> usize {
        size_of::<Option<Value>>() * self.fields.capacity()
    }

    fn field(&self, place: usize) -> Option<&Value> {
        self.fields.get(place)?.as_ref()
    }
}

/// A property of an instance.
pub enum Property {
    Field(Value),
    Method(Obj<Closure>),
}

/// Where a place in a program has found a property the last time.
#[derive(Default)]
pub struct Site {
    class: Option<Obj<Class>>,
    found: Found,
}

#[derive(Clone, Copy, Default)]
enum Found {
    #[default]
    Nothing,
    Field(usize),
    /// A method, in a class whose instances had fields in so many places and none of that name.
    Method(Obj<Closure>, usize),
}

/// The property of an instance, by the name whose symbol that is.
pub fn find(
    heap: &Heap,
    object: Obj<Instance>,
    name: Name<'_>,
    site: &mut Site,
) -> Result<Property, Fault> {
    let instance = heap.get(object)?;
    if site.class == Some(instance.class) {
        match site.found {
            Found::Field(place) => {
                if let Some(value) = instance.field(place) {
                    return Ok(Property::Field(value.clone()));
                }
            }
            Found::Method(method, places) if instance.fields.len() <= places => {
                return Ok(Property::Method(method));
            }
            Found::Method(..) | Found::Nothing => {}
        }
    }
    let class = heap.get(instance.class)?;
    let place = class.places.get(&name.symbol()).copied();
    if let Some(place) = place
        && let Some(value) = instance.field(place)
    {
        (site.class, site.found) = (Some(instance.class), Found::Field(place));
        return Ok(Property::Field(value.clone()));
    }
    let method = method(class, name)?;
    if place.is_none() {
        let found = Found::Method(method, class.places.len());
        (site.class, site.found) = (Some(instance.class), found);
    }
    Ok(Property::Method(method))
}

pub fn method(class: &Class, name: Name<'_>) -> Result<Obj<Closure>, Fault> {
    let method = class.methods.get(&name.symbol()).copied();
    method.ok_or_else(|| Fault::UndefinedProperty(name.as_str().into()))
}

/// Sets a field of an instance.
pub fn set_field(
    heap: &mut Heap,
    object: Obj<Instance>,
    name: Name<'_>,
    value: Value,
    site: &mut Site,
) -> Result<(), Fault> {
    let class = heap.get(object)?.class;
    let place = match site.found {
        Found::Field(place) if site.class == Some(class) => place,
        _ => {
            let place = heap.get_mut(class)?.place(name.symbol());
            (site.class, site.found) = (Some(class), Found::Field(place));
            place
        }
    };
    let mut instance = heap.get_mut(object)?;
    if instance.fields.len() <= place {
        instance.fields.resize(place + 1, None);
    }
    instance.fields[place] = Some(value);
    Ok(())
}

const _: () = assert!(size_of::<Option<Value>>() == size_of::<Value>());
