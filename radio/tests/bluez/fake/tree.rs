//! The objects that bluetoothd has on the bus: properties by path and interface, and the signals of their changes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

/// Properties by name.
pub type Properties = HashMap<String, OwnedValue>;
/// Interfaces by name.
pub type Interfaces = HashMap<String, Properties>;

/// A property's value for a table of them.
pub fn value<'a>(of: impl Into<Value<'a>>) -> OwnedValue {
    of.into().try_into().unwrap()
}

/// Properties from pairs.
pub fn properties<const N: usize>(pairs: [(&str, OwnedValue); N]) -> Properties {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// All objects.
#[derive(Default)]
pub struct Tree(BTreeMap<String, Interfaces>);

impl Tree {
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

    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub fn interfaces(&self, path: &str) -> Option<&Interfaces> {
        self.0.get(path)
    }

    pub fn get(&self, path: &str, interface: &str, name: &str) -> Option<OwnedValue> {
        self.0.get(path)?.get(interface)?.get(name).map(|value| value.try_clone().unwrap())
    }

    pub fn is(&self, path: &str, interface: &str, name: &str) -> bool {
        self.get(path, interface, name).is_some_and(|value| bool::try_from(value).unwrap())
    }

    pub fn set(&mut self, path: &str, interface: &str, changes: &Properties) {
        if let Some(held) = self.0.get_mut(path).and_then(|it| it.get_mut(interface)) {
            held.extend(copy(changes));
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn paths(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// What GetManagedObjects answers.
    pub fn managed(&self) -> HashMap<OwnedObjectPath, Interfaces> {
        self.0
            .iter()
            .map(|(path, interfaces)| (OwnedObjectPath::try_from(path.as_str()).unwrap(), copies(interfaces)))
            .collect()
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
            write!(xml, "<node name=\"{name}\"/>").unwrap();
        }
        xml.push_str("</node>");
        Some(xml)
    }
}

pub fn copy(of: &Properties) -> Properties {
    of.iter().map(|(name, value)| (name.clone(), value.try_clone().unwrap())).collect()
}

pub fn copies(of: &Interfaces) -> Interfaces {
    of.iter().map(|(name, properties)| (name.clone(), copy(properties))).collect()
}
