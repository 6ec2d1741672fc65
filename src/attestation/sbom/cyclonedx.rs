//! CycloneDX 1.2 to 1.7 JSON (ECMA-424), read as tolerantly as generators write it.
//!
//! Components are in components: they are laid flat as they are met, so that the room they take does not depend on how deep
//! they are, and the depth is bounded by [`crate::json::MAX_DEPTH`].

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::check::Finding;
use crate::packages::Purl;

use super::builder::{Builder, NOTHING};
use super::lenient::{
    Each, LenientStr, LenientStrs, MAX_ENTRIES, Object, Objects, PassedOver, ReadFields, TOO_MANY, TextOr, pass_over,
    read_fields,
};
use super::license::operand;
use super::model::{End, Family, Format, Package, Purpose, Relation, Sbom, SourcePackage, Text};
use super::refusal::{malformed, unreadable, unsupported};

const VERSIONS: [&str; 6] = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Sbom<'_>, Finding> {
    let builder = Builder::new(text);
    let mut document = Document { builder, format: LenientStr::default(), version: LenientStr::default(), also: false };
    document.builder.define(NOTHING, End::NOTHING);
    document.builder.sbom.edition = 1;
    read_fields(&mut document, text).map_err(|error| unreadable(&error))?;
    if document.also {
        return Err(malformed("the document claims to be CycloneDX and another format at once".to_owned()));
    }
    match document.format.as_str() {
        Some("CycloneDX") => {}
        Some(other) => return Err(malformed(format!("`bomFormat` is `{}`", other.escape_debug()))),
        None => return Err(malformed("`bomFormat` is missing".to_owned())),
    }
    let version = document.version.as_str().ok_or_else(|| malformed("`specVersion` is missing".to_owned()))?;
    let known = VERSIONS.into_iter().find(|known| *known == version);
    let version = known.ok_or_else(|| unsupported(&format!("CycloneDX {}", version.escape_debug())))?;
    document.builder.finish(Format { family: Family::CycloneDx, version })
}

/// A document while it is read, in one pass and in any order of its fields.
struct Document<'a> {
    builder: Builder<'a>,
    format: LenientStr<'a>,
    version: LenientStr<'a>,
    /// Whether it has the marks of another format too.
    also: bool,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    BomFormat,
    SpecVersion,
    SerialNumber,
    Version,
    Metadata,
    Components,
    Services,
    Dependencies,
    #[serde(rename = "spdxVersion", alias = "@graph")]
    OtherFormat,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum MetadataField {
    Timestamp,
    Lifecycles,
    Tools,
    Authors,
    Component,
    #[serde(alias = "manufacture")]
    Manufacturer,
    Supplier,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ComponentField {
    #[serde(rename = "bom-ref")]
    Reference,
    Type,
    Group,
    Name,
    Version,
    Supplier,
    #[serde(alias = "author", alias = "publisher")]
    Manufacturer,
    Purl,
    #[serde(alias = "swid", alias = "omniborId", alias = "swhid")]
    Cpe,
    Hashes,
    Licenses,
    Evidence,
    Scope,
    Properties,
    Components,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    name: LenientStr<'a>,
    #[serde(borrow, default)]
    phase: LenientStr<'a>,
    #[serde(borrow, default)]
    version: LenientStr<'a>,
    #[serde(borrow, default)]
    email: LenientStr<'a>,
}

/// A service, and services in it: only that they can be referred to counts.
#[derive(Deserialize)]
struct Service<'a> {
    #[serde(rename = "bom-ref", borrow, default)]
    reference: LenientStr<'a>,
    #[serde(borrow, default)]
    services: Objects<Service<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(rename = "ref", borrow, default)]
    reference: LenientStr<'a>,
    #[serde(borrow, default)]
    depends_on: LenientStrs<'a>,
}

#[derive(Deserialize)]
struct Hash<'a> {
    #[serde(rename = "alg", borrow, default)]
    algorithm: LenientStr<'a>,
    #[serde(borrow, default)]
    content: LenientStr<'a>,
}

#[derive(Deserialize)]
struct Property<'a> {
    #[serde(borrow, default)]
    name: LenientStr<'a>,
    #[serde(borrow, default)]
    value: LenientStr<'a>,
}

/// An expression, or one licence by its id or name.
#[derive(Deserialize)]
struct LicenseChoice<'a> {
    #[serde(borrow, default)]
    license: TextOr<'a, License<'a>>,
    #[serde(borrow, default)]
    expression: LenientStr<'a>,
    #[serde(borrow, default)]
    acknowledgement: LenientStr<'a>,
}

#[derive(Deserialize)]
struct License<'a> {
    #[serde(borrow, default)]
    id: LenientStr<'a>,
    #[serde(borrow, default)]
    name: LenientStr<'a>,
    /// The text of the licence itself.
    #[serde(default)]
    text: Option<IgnoredAny>,
    #[serde(borrow, default)]
    acknowledgement: LenientStr<'a>,
}

/// Licences as they are written: a list of choices, one choice or one text alone, or a list in which some are texts.
#[derive(Default)]
struct Choices<'a> {
    listed: Vec<TextOr<'a, LicenseChoice<'a>>>,
    is_other: bool,
}

impl PassedOver for Choices<'_> {
    fn passed_over() -> Self {
        Self { listed: Vec::new(), is_other: true }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;

        impl<'de> Visitor<'de> for Shapes {
            type Value = Choices<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut choices = Choices::default();
                while let Some(choice) = items.next_element()? {
                    choices.listed.push(choice);
                    if choices.listed.len() > MAX_ENTRIES {
                        return Err(serde::de::Error::custom(TOO_MANY));
                    }
                }
                Ok(choices)
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                let one = LicenseChoice::deserialize(serde::de::value::MapAccessDeserializer::new(entries))?;
                Ok(Choices { listed: vec![TextOr::Object(one)], is_other: false })
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Choices { listed: vec![TextOr::Text(Cow::Owned(text.to_owned()))], is_other: false })
            }

            pass_over!(scalars);
        }

        deserializer.deserialize_any(Shapes)
    }
}

/// What was seen of a component, and not stated by its makers.
#[derive(Deserialize)]
struct Evidence<'a> {
    #[serde(borrow, default)]
    licenses: Choices<'a>,
    #[serde(borrow, default)]
    identity: Identities<'a>,
}

/// The conclusions about the identity of a component: a list, or a single one as in 1.5.
#[derive(Default)]
struct Identities<'a>(Vec<Identity<'a>>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, default)]
    field: LenientStr<'a>,
    #[serde(borrow, default)]
    concluded_value: LenientStr<'a>,
}

impl PassedOver for Identities<'_> {
    fn passed_over() -> Self {
        Self::default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Identities<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;

        impl<'de> Visitor<'de> for Shapes {
            type Value = Identities<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                let listed: Objects<Identity<'de>> =
                    Objects::deserialize(serde::de::value::SeqAccessDeserializer::new(items))?;
                Ok(Identities(listed.0))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                let one = Identity::deserialize(serde::de::value::MapAccessDeserializer::new(entries))?;
                Ok(Identities(vec![one]))
            }

            pass_over!(scalars text);
        }

        deserializer.deserialize_any(Shapes)
    }
}

/// The package URLs that were concluded. cdxgen writes paths of files in their place, which say nothing of the package.
fn concluded(identities: Identities<'_>) -> impl Iterator<Item = Text<'_>> {
    let of_purls = identities.0.into_iter().filter(|one| one.field.as_str() == Some("purl"));
    of_purls.filter_map(|one| one.concluded_value.stated()).filter(|value| value.starts_with("pkg:"))
}

/// Adds a package URL that names another package, or another version, than those that are there.
fn add_purl<'a>(package: &mut Package<'a>, purl: Text<'a>) {
    let same = |known: &Text<'_>| match (Purl::parse(known), Purl::parse(&purl)) {
        (Ok(known), Ok(purl)) => known.is_same_package(&purl) && known.version == purl.version,
        _ => *known == purl,
    };
    if !package.purls.iter().any(same) {
        package.purls.push(purl);
    }
}

/// Declares a visitor of objects that passes over everything else.
macro_rules! reads_an_object {
    ($visitor:ty) => {
        impl<'de> DeserializeSeed<'de> for $visitor {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_any(self)
            }
        }
    };
}

impl<'de> ReadFields<'de> for Document<'de> {
    type Field = Field;

    const WHAT: &'static str = "a CycloneDX document";

    fn read<A: MapAccess<'de>>(&mut self, field: Field, values: &mut A) -> Result<(), A::Error> {
        let Document { builder, format, version, also } = self;
        match field {
            Field::BomFormat => *format = values.next_value()?,
            Field::SpecVersion => *version = values.next_value()?,
            Field::SerialNumber => builder.sbom.namespace = values.next_value::<LenientStr<'de>>()?.0,
            Field::Version => builder.sbom.edition = values.next_value::<serde_json::Value>()?.as_u64().unwrap_or(1),
            Field::Metadata => values.next_value_seed(Metadata(builder))?,
            Field::Components => values.next_value_seed(Components { builder, parent: None })?,
            Field::Services => values.next_value_seed(Each::new(|one| service(builder, &one)))?,
            Field::Dependencies => values.next_value_seed(Each::new(|one| dependency(builder, &one)))?,
            Field::OtherFormat => {
                *also = true;
                values.next_value::<IgnoredAny>()?;
            }
            Field::Unknown => {
                values.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn service<'a>(builder: &mut Builder<'a>, one: &Service<'a>) {
    builder.define(one.reference.as_str().unwrap_or_default(), End::OTHER);
    // As deep as JSON may be.
    one.services.0.iter().for_each(|inner| service(builder, inner));
}

fn dependency<'a>(builder: &mut Builder<'a>, wire: &Dependency<'a>) {
    let Some(from) = &wire.reference.0 else { return };
    // CycloneDX `dependencies`: what depends on nothing is declared as an element that is empty.
    if wire.depends_on.0.is_empty() {
        return builder.relate(from, Relation::DependsOn, &Cow::Borrowed(NOTHING));
    }
    for to in &wire.depends_on.0 {
        if to.starts_with("urn:cdx:") {
            builder.define(to, End::OUTSIDE);
        }
        builder.relate(from, Relation::DependsOn, to);
    }
}

struct Metadata<'b, 'a>(&'b mut Builder<'a>);
reads_an_object!(Metadata<'_, 'de>);

impl<'de> Visitor<'de> for Metadata<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let builder = self.0;
        let mut creators: Vec<Text<'de>> = Vec::new();
        while let Some(field) = fields.next_key::<MetadataField>()? {
            match field {
                MetadataField::Timestamp => {
                    builder.sbom.created = fields.next_value::<LenientStr<'de>>()?.stated_date();
                }
                MetadataField::Lifecycles => {
                    let phases: Objects<Named<'de>> = fields.next_value()?;
                    let named = phases.0.into_iter().filter_map(|one| one.phase.stated().or(one.name.stated()));
                    builder.sbom.contexts.extend(named);
                }
                MetadataField::Tools => {
                    let tools: Tools<'de> = fields.next_value()?;
                    creators.extend(tools.0.into_iter().filter_map(|one| creator("Tool", one)));
                }
                MetadataField::Authors => {
                    let authors: Objects<Named<'de>> = fields.next_value()?;
                    creators.extend(authors.0.into_iter().filter_map(|one| creator("Person", one)));
                }
                MetadataField::Manufacturer | MetadataField::Supplier => {
                    let organization: Object<Named<'de>> = fields.next_value()?;
                    creators.extend(organization.0.and_then(|one| creator("Organization", one)));
                }
                MetadataField::Component => {
                    let place = fields.next_value_seed(Component { builder, parent: None, is_root: true })?;
                    builder.describe_place(place);
                }
                MetadataField::Unknown => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        creators.dedup();
        builder.sbom.creators = creators;
        Ok(())
    }

    pass_over!(scalars text list);
}

fn creator<'a>(kind: &str, one: Named<'a>) -> Option<Text<'a>> {
    let name = one.name.stated()?;
    Some(Cow::Owned(match (one.version.stated(), one.email.stated()) {
        (Some(version), _) => format!("{kind}: {name}-{version}"),
        (None, Some(email)) => format!("{kind}: {name} ({email})"),
        (None, None) => format!("{kind}: {name}"),
    }))
}

/// A list of tools, as up to 1.4, or an object with the components and services that are tools.
struct Tools<'a>(Vec<Named<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Tools<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct New<'a> {
            #[serde(borrow, default)]
            components: Objects<Named<'a>>,
            #[serde(borrow, default)]
            services: Objects<Named<'a>>,
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Objects<Named<'de>>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                Objects::deserialize(serde::de::value::SeqAccessDeserializer::new(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                let new = New::deserialize(serde::de::value::MapAccessDeserializer::new(entries))?;
                Ok(Objects(new.components.0.into_iter().chain(new.services.0).collect(), false))
            }

            pass_over!(scalars text);
        }

        deserializer.deserialize_any(Either).map(|tools| Self(tools.0))
    }
}

/// A list of components, within another one or at the top.
struct Components<'b, 'a> {
    builder: &'b mut Builder<'a>,
    parent: Option<usize>,
}
reads_an_object!(Components<'_, 'de>);

impl<'de> Visitor<'de> for Components<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of components")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { builder, parent } = self;
        while items.next_element_seed(Component { builder, parent, is_root: false })?.is_some() {}
        Ok(())
    }

    // A component that is not read would be a package that no rule sees (A295).
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// One component, with the components inside it. Its value is its place, if it has one.
struct Component<'b, 'a> {
    builder: &'b mut Builder<'a>,
    parent: Option<usize>,
    is_root: bool,
}

impl<'de> DeserializeSeed<'de> for Component<'_, 'de> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Component<'_, 'de> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a component")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<usize>, A::Error> {
        let Self { builder, parent, is_root } = self;
        let place = builder.reserve();
        let mut package = Package::default();
        let mut is_file = false;
        let mut source = Source::default();
        let mut identities = Identities::default();
        while let Some(field) = fields.next_key::<ComponentField>()? {
            match field {
                ComponentField::Evidence => {
                    if let Some(evidence) = fields.next_value::<Object<Evidence<'de>>>()?.0 {
                        identities = evidence.identity;
                        let read = licenses(evidence.licenses);
                        package.license_observed = all_of(read.concluded.into_iter().chain(read.declared).collect());
                        package.has_unread_license |= read.has_unread;
                    }
                }
                ComponentField::Components => {
                    fields.next_value_seed(Components { builder, parent: place.or(parent) })?;
                }
                ComponentField::Type => {
                    let kind: LenientStr<'de> = fields.next_value()?;
                    is_file = kind.as_str() == Some("file");
                    package.purpose = kind.as_str().map(Purpose::read).unwrap_or_default();
                }
                ComponentField::Properties => fields.next_value_seed(Each::new(|one: Property<'de>| {
                    match one.name.as_str().and_then(|name| name.strip_prefix("aquasecurity:trivy:")) {
                        Some("RepoDigest") => builder.sbom.repository_digests.extend(one.value.0),
                        Some(name) => source.add(name, one.value),
                        None => {}
                    }
                }))?,
                other => read_field(&other, &mut fields, &mut package)?,
            }
        }
        package.source = source.package();
        for purl in concluded(identities) {
            add_purl(&mut package, purl);
        }
        // A file is not a package, unless it has a package's name or packages inside it.
        let is_bare = is_file && !is_root && package.purls.is_empty() && package.version.is_none();
        let last = place.filter(|place| is_bare && place + 1 == builder.sbom.packages.len());
        if last.is_some() {
            builder.turn_into_file(&package.id);
            return Ok(None);
        }
        if let Some(place) = place {
            builder.fill(place, package);
            builder.contain(parent, place);
        }
        Ok(place)
    }

    fn visit_unit<E>(self) -> Result<Option<usize>, E> {
        Ok(None)
    }
}

/// The source package, as trivy writes it into properties: `SrcName`, `SrcVersion`, and of an RPM `SrcEpoch` and `SrcRelease`.
#[derive(Default)]
struct Source<'a> {
    name: Option<Text<'a>>,
    version: Option<Text<'a>>,
    release: Option<Text<'a>>,
    epoch: Option<Text<'a>>,
}

impl<'a> Source<'a> {
    fn add(&mut self, name: &str, value: LenientStr<'a>) {
        match name {
            "SrcName" => self.name = value.stated(),
            "SrcVersion" => self.version = value.stated(),
            "SrcRelease" => self.release = value.stated(),
            "SrcEpoch" => self.epoch = value.stated(),
            _ => {}
        }
    }

    fn package(self) -> Option<Box<SourcePackage<'a>>> {
        let name = self.name?;
        let version = match (self.epoch, self.version, self.release) {
            (None, version, None) => version,
            (epoch, version, release) => version.map(|version| {
                let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
                let release = release.map(|release| format!("-{release}")).unwrap_or_default();
                format!("{epoch}{version}{release}").into()
            }),
        };
        Some(Box::new(SourcePackage { name, version }))
    }
}

/// Reads a field that holds something of the component itself.
fn read_field<'de, A: MapAccess<'de>>(
    field: &ComponentField,
    fields: &mut A,
    package: &mut Package<'de>,
) -> Result<(), A::Error> {
    match field {
        ComponentField::Reference => package.id = fields.next_value::<LenientStr<'de>>()?.0.unwrap_or_default(),
        ComponentField::Name => package.name = noted(fields.next_value()?, "name", package).unwrap_or_default(),
        ComponentField::Group => package.group = noted(fields.next_value()?, "group", package),
        ComponentField::Version => package.version = noted(fields.next_value()?, "version", package),
        ComponentField::Scope => {
            package.is_excluded = fields.next_value::<LenientStr<'de>>()?.as_str() == Some("excluded");
        }
        ComponentField::Supplier => package.supplier = name_of(fields.next_value()?),
        ComponentField::Manufacturer => {
            let maker = name_of(fields.next_value()?);
            package.originator = package.originator.take().or(maker);
        }
        ComponentField::Purl => {
            let LenientStrs(purls, is_other) = fields.next_value()?;
            package.unread = package.unread.or(is_other.then_some("purl"));
            package.purls = purls.into_iter().filter_map(|purl| LenientStr(Some(purl), false).stated()).collect();
        }
        ComponentField::Cpe => package.otherwise_identified |= fields.next_value::<Option<IgnoredAny>>()?.is_some(),
        ComponentField::Hashes => {
            let hashes: Objects<Hash<'de>> = fields.next_value()?;
            let stated = hashes.0.into_iter().filter_map(|one| Some((one.algorithm.stated()?, one.content.stated()?)));
            package.checksums = stated.collect();
            package.checksums.shrink_to_fit();
        }
        ComponentField::Licenses => {
            let read = licenses(fields.next_value()?);
            (package.license_concluded, package.license_declared) = (read.concluded, read.declared);
            package.has_unread_license |= read.has_unread;
        }
        _ => {
            fields.next_value::<IgnoredAny>()?;
        }
    }
    Ok(())
}

/// The licences that are concluded and those that are declared, each as one expression. Several in a list all hold, as
/// far as the specification says: allowing one of them does not allow the others.
fn licenses(choices: Choices<'_>) -> Licenses<'_> {
    let (mut concluded, mut declared, mut has_unread) = (Vec::new(), Vec::new(), choices.is_other);
    for choice in choices.listed {
        let choice = match choice {
            TextOr::Object(choice) => choice,
            TextOr::Text(text) => {
                declared.extend(LenientStr(Some(text), false).stated());
                continue;
            }
            TextOr::Nothing => {
                has_unread = true;
                continue;
            }
        };
        has_unread |= choice.expression.1;
        let (text, acknowledgement) = match choice.license {
            TextOr::Object(license) => {
                // A text of a licence that has neither id nor name could be that of any.
                let is_named = license.id.0.is_some() || license.name.0.is_some();
                has_unread |= license.id.1 || license.name.1 || (license.text.is_some() && !is_named);
                (license.id.stated().or(license.name.stated()), license.acknowledgement.0)
            }
            TextOr::Text(text) => (LenientStr(Some(text), false).stated(), None),
            TextOr::Nothing => (None, None),
        };
        let acknowledgement = choice.acknowledgement.0.or(acknowledgement);
        let list = if acknowledgement.as_deref() == Some("concluded") { &mut concluded } else { &mut declared };
        list.extend(choice.expression.0.and_then(|text| LenientStr(Some(text), false).stated()).or(text));
    }
    Licenses { concluded: all_of(concluded), declared: all_of(declared), has_unread }
}

/// What a list of licences says.
struct Licenses<'a> {
    concluded: Option<Text<'a>>,
    declared: Option<Text<'a>>,
    has_unread: bool,
}

/// The text of a field. A value of another type is noted: the package is then not certain.
fn noted<'a>(word: LenientStr<'a>, field: &'static str, package: &mut Package<'a>) -> Option<Text<'a>> {
    package.unread = package.unread.or(word.1.then_some(field));
    word.stated()
}

fn all_of(mut texts: Vec<Text<'_>>) -> Option<Text<'_>> {
    if texts.len() < 2 {
        return texts.pop();
    }
    Some(Cow::Owned(texts.iter().map(|text| operand(text)).collect::<Vec<_>>().join(" AND ")))
}

/// A person or organisation: a text, or an object with a name.
type Party<'a> = TextOr<'a, Named<'a>>;

fn name_of(party: Party<'_>) -> Option<Text<'_>> {
    match party {
        TextOr::Nothing => None,
        TextOr::Text(name) => LenientStr(Some(name), false).stated(),
        TextOr::Object(named) => named.name.stated(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

    const DOCUMENT: &str = r#"{
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1",
        "metadata": {
            "timestamp": "2026-01-01T00:00:00Z", "lifecycles": [{"phase": "build"}, {"name": "nightly"}],
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.20.0"}]},
            "authors": [{"name": "Jane", "email": "jane@example.com"}],
            "component": {"bom-ref": "root", "type": "container", "name": "shop", "version": "sha256:aa"}
        },
        "components": [
            {"bom-ref": "a", "type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "cpe": "cpe:2.3:a:a:a:1",
             "supplier": {"name": "Acme"}, "hashes": [{"alg": "SHA-256", "content": "00"}],
             "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Acme License"}}],
             "components": [{"bom-ref": "b", "type": "library", "name": "b", "components": [{"name": "c"}]}]},
            {"bom-ref": "f", "type": "file", "name": "/etc/passwd"},
            {"bom-ref": "d", "name": "d", "licenses": [{"expression": "MIT OR Apache-2.0", "acknowledgement": "concluded"}]}
        ],
        "services": [{"bom-ref": "s"}],
        "dependencies": [{"ref": "root", "dependsOn": ["a", "d", "s"]}, {"ref": "a", "dependsOn": ["gone"]}, {"ref": "d"}]
    }"#;

    #[test]
    fn licences_that_all_hold_are_joined_so_that_no_choice_in_one_reaches_another() {
        let joined = |name: &str| {
            let licenses = serde_json::json!([{"license": {"id": "GPL-3.0-only"}}, {"license": {"name": name}}]);
            let text = serde_json::json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "licenses": licenses}]});
            let text = text.to_string();
            read(&text).expect("a document").packages[0].license().expect("a licence").to_owned()
        };
        for name in ["MIT OR Zlib", "MIT or Zlib", "MIT\tOR\tZlib", "(MIT)OR(Zlib)"] {
            assert_eq!(joined(name), format!("GPL-3.0-only AND ({name})"));
        }
        assert_eq!(joined("Acme License for everybody"), "GPL-3.0-only AND Acme License for everybody");
        let broken = joined("MIT) OR (MIT");
        assert!(crate::policy::LicenseExpression::parse(&broken).is_err(), "{broken}");
    }

    #[test]
    fn a_file_that_is_named_as_a_package_is_one() {
        let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
            {"type":"file","name":"log4j-core-2.14.1.jar","purl":"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"},
            {"type":"file","name":"openssl","version":"1.0.1"}, {"type":"file","name":"/etc/passwd"}]}"#;
        let sbom = read(text).expect("a document");
        assert_eq!((sbom.packages.len(), sbom.counts.files), (2, 1));
    }

    #[test]
    fn a_document_is_read_with_components_inside_of_components() {
        let sbom = read(DOCUMENT).expect("a document");
        assert_eq!(sbom.format.to_string(), "CycloneDX-1.6");
        let names: Vec<&str> = sbom.packages.iter().map(|package| package.name.as_ref()).collect();
        assert_eq!(names, ["shop", "a", "b", "c", "d"]);
        assert_eq!(sbom.describes, [0]);
        assert_eq!(sbom.packages[0].purpose, Purpose::Container);
        assert_eq!(sbom.creators, ["Tool: syft-1.20.0", "Person: Jane (jane@example.com)"]);
        assert_eq!(sbom.contexts, ["build", "nightly"]);
        let a = &sbom.packages[1];
        assert_eq!(
            (a.supplier.as_deref(), a.license_declared.as_deref()),
            (Some("Acme"), Some("MIT AND Acme License"))
        );
        assert_eq!((a.otherwise_identified, &a.checksums[..]), (true, &[("SHA-256".into(), "00".into())][..]));
        assert_eq!(sbom.packages[4].license_concluded.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!((sbom.counts.files, sbom.counts.dangling), (1, 1));
        assert_eq!(sbom.counts.dangling_names, ["gone"]);
        let contained = sbom.relationships.iter().filter(|one| one.kind == Relation::Contains);
        let contained: Vec<_> = contained.map(|one| (one.from.package(), one.to.package())).collect();
        assert_eq!(contained, [(Some(2), Some(3)), (Some(1), Some(2))]);
        assert!(sbom.relationships.iter().any(|one| (one.from.package(), one.to) == (Some(4), End::NOTHING)));
    }

    #[test]
    fn tools_are_read_in_the_form_of_older_versions() {
        let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.4","metadata":{"tools":[{"vendor":"aquasecurity","name":"trivy","version":"0.50.1"}],
            "component":{"type":"container","name":"x","properties":[{"name":"aquasecurity:trivy:RepoDigest","value":"a/b@sha256:01"}]}}}"#;
        let sbom = read(text).expect("a document");
        assert_eq!(sbom.creators, ["Tool: trivy-0.50.1"]);
        assert_eq!(sbom.repository_digests, ["a/b@sha256:01"]);
    }

    #[test]
    fn trivys_properties_name_the_source_package() {
        let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"perl-libs","properties":[
            {"name":"aquasecurity:trivy:SrcEpoch","value":"4"},{"name":"aquasecurity:trivy:SrcName","value":"perl"},
            {"name":"aquasecurity:trivy:SrcRelease","value":"480.el9"},{"name":"aquasecurity:trivy:SrcVersion","value":"5.32.1"}]}]}"#;
        let sbom = read(text).expect("a document");
        let perl = SourcePackage { name: "perl".into(), version: Some("4:5.32.1-480.el9".into()) };
        assert_eq!(sbom.packages[0].source.as_deref(), Some(&perl));
    }

    #[test]
    fn nulls_and_values_of_other_types_are_passed_over() {
        let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":[],"dependencies":{},
            "components":[null,{"name":["x"],"hashes":{},"licenses":[{"license":"MIT"}],"supplier":"Acme","components":null}]}"#;
        let sbom = read(text).expect("a document");
        assert_eq!((sbom.packages.len(), sbom.packages[0].supplier.as_deref()), (1, Some("Acme")));
        assert_eq!((sbom.packages[0].license(), sbom.packages[0].unread), (Some("MIT"), Some("name")));
    }

    #[test]
    fn a295_what_says_which_package_it_is_and_cannot_be_read_is_noted() {
        let read_one = |fields: &str| {
            let text = format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{{fields}}}]}}"#);
            read(&text).map(|sbom| sbom.into_owned().packages[0].clone())
        };
        let package = read_one(r#""name":"a","purl":["pkg:npm/a@1","pkg:npm/b@1"]"#).expect("a document");
        assert_eq!((package.purls.len(), package.unread), (2, None));
        for (fields, unread) in [
            (r#""name":"a","purl":{"x":"y"}"#, "purl"),
            (r#""name":"a","purl":["pkg:npm/a@1",7]"#, "purl"),
            (r#""name":{"x":1}"#, "name"),
            (r#""name":"a","version":1.5"#, "version"),
            (r#""name":"a","group":false"#, "group"),
        ] {
            assert_eq!(read_one(fields).expect("a document").unread, Some(unread), "{fields}");
        }
        assert_eq!(read_one(r#""name":"a","version":null,"group":null,"purl":null"#).expect("a document").unread, None);
        for components in [r#"[["library","a"]]"#, r#"["a"]"#, r#"{"name":"a"}"#, r#"[{"components":[["a"]]}]"#] {
            let text = format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":{components}}}"#);
            assert!(read(&text).is_err(), "{components}");
        }
    }

    #[test]
    fn a295_licences_are_read_in_every_shape_or_noted() {
        let read_one = |fields: &str| {
            let text =
                format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{"name":"a",{fields}}}]}}"#);
            read(&text).expect("a document").into_owned().packages[0].clone()
        };
        for (fields, license) in [
            (r#""licenses":{"license":{"id":"MIT"}}"#, "MIT"),
            (r#""licenses":"MIT""#, "MIT"),
            (r#""licenses":["MIT"]"#, "MIT"),
            (r#""licenses":[{"license":{"id":"MIT"}},"ISC"]"#, "MIT AND ISC"),
            (r#""evidence":{"licenses":[{"license":{"id":"MIT"}}]}"#, "MIT"),
        ] {
            let package = read_one(fields);
            assert_eq!((package.license(), package.has_unread_license), (Some(license), false), "{fields}");
        }
        let both = read_one(r#""licenses":[{"expression":"MIT"}],"evidence":{"licenses":[{"license":{"id":"ISC"}}]}"#);
        assert_eq!((both.license(), both.license_observed.as_deref()), (Some("MIT"), Some("ISC")));
        for fields in [
            r#""licenses":7"#,
            r#""licenses":[["MIT"]]"#,
            r#""licenses":[{"license":{"id":["MIT"]}}]"#,
            r#""licenses":[{"expression":{"x":1}}]"#,
            r#""licenses":[{"license":{"text":{"content":"GNU"}}}]"#,
            r#""evidence":{"licenses":[7]}"#,
        ] {
            assert!(read_one(fields).has_unread_license, "{fields}");
        }
    }

    #[test]
    fn a_package_url_that_was_concluded_counts_beside_the_stated_one() {
        let read_one = |fields: &str| {
            let text =
                format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{"name":"a",{fields}}}]}}"#);
            read(&text).expect("a document").into_owned().packages[0].purls.join(" ")
        };
        let identity =
            |identity: &str| read_one(&format!(r#""evidence":{{"identity":{identity}}},"purl":"pkg:npm/a@1""#));
        let concludes = |purl: &str| format!(r#"{{"field":"purl","confidence":1,"concludedValue":"{purl}"}}"#);
        let other = concludes("pkg:npm/b@2");
        assert_eq!(identity(&format!("[{other}]")), "pkg:npm/a@1 pkg:npm/b@2");
        assert_eq!(identity(&other), "pkg:npm/a@1 pkg:npm/b@2", "one alone, as in 1.5");
        assert_eq!(identity(&concludes("pkg:npm/a@2")), "pkg:npm/a@1 pkg:npm/a@2");
        for same in [
            concludes("pkg:npm/a@1"),
            concludes("pkg:npm/a@1?x=y"),
            concludes("a/package-lock.json"),
            r#"{"field":"name","concludedValue":"pkg:npm/b@2"}"#.to_owned(),
            r#"{"field":"purl"}"#.to_owned(),
            r#"[7,{"field":"purl","concludedValue":{"x":1}}]"#.to_owned(),
            "7".to_owned(),
        ] {
            assert_eq!(identity(&same), "pkg:npm/a@1", "{same}");
        }
        assert_eq!(read_one(&format!(r#""evidence":{{"identity":[{other}]}}"#)), "pkg:npm/b@2");
    }

    #[test]
    fn a222_components_and_services_nested_without_end_are_refused() {
        for (list, opening) in [("components", r#"[{"components":"#), ("services", r#"[{"services":"#)] {
            let text = format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","{list}":{}"#, opening.repeat(100_000));
            assert_eq!(read(&text).expect_err("no end").outcome, Outcome::Fail);
        }
    }

    #[test]
    fn a222_a_million_components_cannot_be_decided() {
        let text =
            format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{}{{}}]}}"#, "{},".repeat(999_999));
        assert_eq!(read(&text).expect_err("too many").outcome, Outcome::Error);
    }

    #[test]
    fn other_versions_are_unsupported_and_other_documents_malformed() {
        let outcome = |text| read(text).map(|_| ()).expect_err("no document").outcome;
        assert_eq!(outcome(r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#), Outcome::Error);
        assert_eq!(outcome(r#"{"bomFormat":"CycloneDX","specVersion":1.6}"#), Outcome::Fail);
        assert_eq!(outcome(r#"{"specVersion":"1.6"}"#), Outcome::Fail);
        assert_eq!(outcome(r#"{"bomFormat":"CycloneDX","specVersion":"1.6","spdxVersion":"SPDX-2.3"}"#), Outcome::Fail);
    }
}
