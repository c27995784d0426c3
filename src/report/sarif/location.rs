//! Places as SARIF locations.

use serde_sarif::sarif::{ArtifactLocation, Location, LogicalLocation, Message, PhysicalLocation, Region};

use crate::report::source_map::SourceMap;
use crate::span;

use super::{ROOT, limits, uri};

pub struct Locator<'a> {
    map: &'a SourceMap<'a>,
}

/// A location that still can be given an id, a message and a symbol.
#[derive(Default)]
pub struct Place {
    physical: Option<PhysicalLocation>,
    id: Option<i64>,
    message: Option<String>,
    symbol: Option<String>,
}

impl<'a> Locator<'a> {
    pub fn new(map: &'a SourceMap<'a>) -> Locator<'a> {
        Locator { map }
    }

    pub fn at(&self, location: span::Location) -> Place {
        let position = self.map.position(location);
        // An empty region is one before its first character; a reader needs at least one to see.
        let empty = (position.line, position.column_utf16) == (position.end_line, position.end_column_utf16);
        let region = Region::builder()
            .start_line(position.line)
            .start_column(position.column_utf16)
            .end_line(position.end_line)
            .end_column(position.end_column_utf16 + u32::from(empty))
            .build();
        let physical = PhysicalLocation::builder()
            .artifact_location(self.artifact(self.map.path(location.file)))
            .region(region)
            .build();
        Place { physical: Some(physical), ..Place::default() }
    }

    fn artifact(&self, path: &str) -> ArtifactLocation {
        let path = self.map.in_repository(path);
        ArtifactLocation::builder().uri(uri::relative(&path)).uri_base_id(ROOT).build()
    }

    /// A whole file, by its path.
    pub fn file(&self, path: &str) -> Location {
        Location::builder()
            .physical_location(PhysicalLocation::builder().artifact_location(self.artifact(path)).build())
            .build()
    }
}

impl Place {
    pub fn id(mut self, id: usize) -> Place {
        self.id = Some(id as i64);
        self
    }

    pub fn message(mut self, text: &str) -> Place {
        self.message = Some(limits::text(text));
        self
    }

    pub fn symbol(mut self, symbol: &str) -> Place {
        self.symbol = (!symbol.is_empty()).then(|| symbol.to_owned());
        self
    }

    pub fn build(self) -> Location {
        let mut location = Location::builder().build();
        location.physical_location = self.physical;
        location.id = self.id;
        location.message = self.message.map(|text| Message::builder().text(text).build());
        location.logical_locations = self.symbol.map(|symbol| {
            vec![LogicalLocation::builder().fully_qualified_name(symbol).kind("function").build()]
        });
        location
    }
}
