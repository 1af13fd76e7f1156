//! The objects that bluetoothd has on the bus: properties by path and interface, and the signals of their changes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

/// Properties by name.
pub type Properties = HashMap<String, OwnedValue>;
/// Interfaces by name.
pub type Interfaces = HashMap<String, Properties>;

/// A property's value for a table of them. Only a file descriptor could not be one, and there is none here.
pub fn value<'a>(of: impl Into<Value<'a>>) -> OwnedValue {
    of.into().try_into().unwrap_or_else(|_| OwnedValue::from(0_u8))
}

/// A path for the bus; what is none becomes the root.
pub fn object(path: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path).unwrap_or_default()
}

/// A copy of a value.
fn again(of: &OwnedValue) -> OwnedValue {
    of.try_clone().unwrap_or_else(|_| OwnedValue::from(0_u8))
}

/// Properties from pairs.
pub fn properties<const N: usize>(pairs: [(&str, OwnedValue); N]) -> Properties {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// All objects.
#[derive(Default)]
pub struct Tree(BTreeMap<String, Interfaces>);

impl Tree {
    /// Puts an object in.
    pub fn insert(&mut self, path: &str, interfaces: Interfaces) {
        self.0.insert(path.to_owned(), interfaces);
    }

    /// Takes an object and all below it away, and says which they were, the lowest first.
    pub fn remove(&mut self, path: &str) -> Vec<(String, Vec<String>)> {
        let below = format!("{path}/");
        let paths: Vec<String> =
            self.0.keys().rev().filter(|it| *it == path || it.starts_with(&below)).cloned().collect();
        paths
            .into_iter()
            .map(|path| {
                let interfaces = self.0.remove(&path).unwrap_or_default();
                (path, interfaces.into_keys().collect())
            })
            .collect()
    }

    /// Whether there is such an object.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// What an object has.
    #[must_use]
    pub fn interfaces(&self, path: &str) -> Option<&Interfaces> {
        self.0.get(path)
    }

    /// A property.
    #[must_use]
    pub fn get(&self, path: &str, interface: &str, name: &str) -> Option<OwnedValue> {
        self.0.get(path)?.get(interface)?.get(name).map(again)
    }

    /// Whether a property is there and true.
    #[must_use]
    pub fn is(&self, path: &str, interface: &str, name: &str) -> bool {
        self.get(path, interface, name).is_some_and(|value| bool::try_from(value).unwrap_or_default())
    }

    /// A property that is a text.
    pub fn text(&self, path: &str, interface: &str, name: &str) -> Option<String> {
        String::try_from(self.get(path, interface, name)?).ok()
    }

    /// Changes properties of an object that has that interface.
    pub fn set(&mut self, path: &str, interface: &str, changes: &Properties) {
        if let Some(held) = self.0.get_mut(path).and_then(|it| it.get_mut(interface)) {
            held.extend(copy(changes));
        }
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Every object.
    pub fn paths(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// What GetManagedObjects answers.
    pub fn managed(&self) -> HashMap<OwnedObjectPath, Interfaces> {
        self.0.iter().map(|(path, interfaces)| (object(path), copies(interfaces))).collect()
    }

    /// The children of a path as Introspect tells them: libraries find services and characteristics by it.
    pub fn introspect(&self, path: &str) -> Option<String> {
        let below = format!("{}/", path.trim_end_matches('/'));
        if path != "/" && !self.0.keys().any(|it| it == path || it.starts_with(&below)) {
            return None;
        }
        let mut names: Vec<&str> =
            self.0.keys().filter_map(|it| it.strip_prefix(&below)?.split('/').next()).collect();
        names.dedup();
        let mut xml = String::from(
            "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>",
        );
        for name in names {
            // A text takes whatever is written to it.
            let _ = write!(xml, "<node name=\"{name}\"/>");
        }
        xml.push_str("</node>");
        Some(xml)
    }
}

pub fn copy(of: &Properties) -> Properties {
    of.iter().map(|(name, value)| (name.clone(), again(value))).collect()
}

pub fn copies(of: &Interfaces) -> Interfaces {
    of.iter().map(|(name, properties)| (name.clone(), copy(properties))).collect()
}
