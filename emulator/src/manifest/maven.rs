//! Maven: the POM.

use super::TEXT_LIMIT;
use crate::state::version::{Dependency, Details, License};
use serde::Deserialize;

/// The scope of a dependency that says none.
const USUAL_SCOPE: &str = "compile";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a project")]
struct Project {
    artifact_id: String,
    name: Option<String>,
    description: Option<String>,
    url: Option<String>,
    parent: Option<Coordinates>,
    scm: Option<Scm>,
    #[serde(default)]
    licenses: Licenses,
    #[serde(default)]
    dependencies: Dependencies,
}

#[derive(Deserialize)]
struct Scm {
    url: Option<String>,
}

#[derive(Default, Deserialize)]
struct Licenses {
    #[serde(default)]
    license: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
    url: Option<String>,
}

#[derive(Default, Deserialize)]
struct Dependencies {
    #[serde(default)]
    dependency: Vec<Coordinates>,
}

/// Of a parent or of a dependency.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Coordinates {
    group_id: Option<String>,
    artifact_id: String,
    version: Option<String>,
    scope: Option<String>,
    optional: Option<String>,
}

/// What the POM of an artifact says. Properties in it stay as they are written.
pub(crate) fn details(artifact: &str, pom: &[u8]) -> Result<Details, String> {
    if u64::try_from(pom.len()).is_ok_and(|length| length > TEXT_LIMIT) {
        return Err("the POM is too large".into());
    }
    let project: Project = quick_xml::de::from_str(&String::from_utf8_lossy(pom))
        .map_err(|error| format!("this is not a POM: {error}"))?;
    let said = project.artifact_id.trim();
    if said != artifact && !said.contains("${") {
        return Err("the POM is of another artifact than its path says".into());
    }
    let parent = project.parent.and_then(|parent| parent.dependency(Some("parent")));
    let dependencies = project.dependencies.dependency.into_iter();
    Ok(Details {
        display_name: some(project.name),
        summary: some(project.description),
        home_page: some(project.url),
        source_code_repository: project.scm.and_then(|scm| some(scm.url)),
        licenses: project.licenses.license.into_iter().filter_map(Named::license).collect(),
        dependencies: parent.into_iter().chain(dependencies.filter_map(|one| one.dependency(None))).collect(),
        ..Details::default()
    })
}

fn some(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl Named {
    fn license(self) -> Option<License> {
        let license = License { name: some(self.name), url: some(self.url) };
        (license.name.is_some() || license.url.is_some()).then_some(license)
    }
}

impl Coordinates {
    /// As the API tells it. What is optional is that, whatever its scope.
    fn dependency(self, kind: Option<&str>) -> Option<Dependency> {
        let is_optional = self.optional.is_some_and(|text| text.trim() == "true");
        let kind = kind.or(is_optional.then_some("optional")).map(str::to_owned);
        Some(Dependency {
            namespace: some(self.group_id),
            package: some(Some(self.artifact_id))?,
            kind: kind.or_else(|| some(self.scope)).or_else(|| Some(USUAL_SCOPE.into())),
            requirement: some(self.version),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <!-- Licensed -->
        <project xmlns="http://maven.apache.org/POM/4.0.0"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd">
          <modelVersion>4.0.0</modelVersion>
          <parent><groupId>org.acme</groupId><artifactId>parent</artifactId><version>7</version></parent>
          <artifactId>widgets</artifactId>
          <version>1.0</version>
          <name>Widgets &amp; more</name>
          <description>
            Small things
          </description>
          <url>https://acme.example</url>
          <licenses>
            <license><name>MIT</name><url>https://mit.example</url><distribution>repo</distribution></license>
            <license><comments>none</comments></license>
          </licenses>
          <scm><connection>scm:git:x</connection><url>https://code.example</url></scm>
          <properties><a.b>1</a.b></properties>
          <dependencyManagement><dependencies><dependency>
            <groupId>x</groupId><artifactId>y</artifactId><version>1</version><scope>import</scope>
          </dependency></dependencies></dependencyManagement>
          <dependencies>
            <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13</version><scope>test</scope></dependency>
            <dependency><groupId>${project.groupId}</groupId><artifactId>base</artifactId>
              <exclusions><exclusion><groupId>a</groupId><artifactId>b</artifactId></exclusion></exclusions></dependency>
            <dependency><groupId>a</groupId><artifactId>c</artifactId><version>[1,2)</version><optional>true</optional></dependency>
          </dependencies>
          <build><plugins><plugin><artifactId>p</artifactId></plugin></plugins></build>
        </project>"#;

    #[test]
    fn a_pom_tells_what_the_api_shows() {
        let details = details("widgets", POM.as_bytes()).unwrap();
        assert_eq!(details.display_name.as_deref(), Some("Widgets & more"));
        assert_eq!(details.summary.as_deref(), Some("Small things"));
        assert_eq!(details.home_page.as_deref(), Some("https://acme.example"));
        assert_eq!(details.source_code_repository.as_deref(), Some("https://code.example"));
        let license = License { name: Some("MIT".into()), url: Some("https://mit.example".into()) };
        assert_eq!(details.licenses, [license]);
        let told: Vec<_> = details
            .dependencies
            .iter()
            .map(|one| {
                let [namespace, kind, version] =
                    [&one.namespace, &one.kind, &one.requirement].map(Option::as_deref);
                (namespace, one.package.as_str(), kind, version)
            })
            .collect();
        assert_eq!(
            told,
            [
                (Some("org.acme"), "parent", Some("parent"), Some("7")),
                (Some("junit"), "junit", Some("test"), Some("4.13")),
                (Some("${project.groupId}"), "base", Some("compile"), None),
                (Some("a"), "c", Some("optional"), Some("[1,2)")),
            ]
        );
    }

    #[test]
    fn what_is_no_pom_of_the_artifact_is_refused() {
        for pom in ["", "no", "<project/>", "<project><artifactId>other</artifactId></project>", "<project>"]
        {
            assert!(details("widgets", pom.as_bytes()).is_err(), "{pom}");
        }
        let told = details("widgets", b"x").unwrap_err();
        assert!(told.starts_with("this is not a POM") && !told.contains("struct"), "{told}");
        assert!(details("a_2.13", b"<project><artifactId>a_${scala}</artifactId></project>").is_ok());
        let large = format!("<project><artifactId>a</artifactId></project>{}", " ".repeat(1 << 20));
        assert!(details("a", large.as_bytes()).is_err());
    }

    #[test]
    fn deep_nesting_does_no_harm() {
        let depth = 100_000;
        let nested = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let pom = format!("<project>{nested}<artifactId>a</artifactId></project>");
        assert!(details("a", pom.as_bytes()).is_ok());
        let pom = format!("<project><artifactId>a</artifactId><name>{nested}</name></project>");
        assert!(details("a", pom.as_bytes()).is_err());
    }
}
