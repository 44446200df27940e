//! What a Pod needs to use the Secret of a login. Pure.

use std::collections::BTreeSet;

use kube::ResourceExt;

use super::documents::title;
use super::secret::scalar;
use crate::api::{Format, RegistryCredential};
use crate::credential::usage::{MOUNT, Usage, of};

/// The volume, the mount and the variables of a Pod, as YAML to paste, for a Secret that is mounted at the path. Nothing in it is secret.
pub fn usage(login: &RegistryCredential, mount: &str) -> String {
    let secret = login.spec.secret.name.clone().unwrap_or_else(|| login.name_any());
    let formats: BTreeSet<_> =
        login.spec.registries.iter().flat_map(|registry| registry.formats.iter().copied()).collect();
    let usages: Vec<_> = Format::ALL.into_iter().filter(|format| formats.contains(format)).map(of).collect();
    let mut lines = vec![
        "---".to_owned(),
        format!(
            "# {}: in a Pod of namespace {}. A token that is renewed comes into running",
            title(login),
            login.namespace().unwrap_or_default()
        ),
        "# containers with the whole folder, and never by subPath or a variable.".into(),
        "containers:".into(),
        "- name: build".into(),
    ];
    lines.extend(variables(&usages, mount));
    let (mount, secret) = (scalar(mount), scalar(&secret));
    lines.extend([
        "  volumeMounts:".into(),
        "  - name: codeartifact".into(),
        format!("    mountPath: {mount}"),
        "    readOnly: true".into(),
    ]);
    lines.extend([
        "volumes:".into(),
        "- name: codeartifact".into(),
        "  secret:".into(),
        format!("    secretName: {secret}"),
    ]);
    lines.extend(remarks(login, &usages, &mount));
    lines.join("\n") + "\n"
}

/// The variables of all formats, each once.
fn variables(usages: &[Usage], mount: &str) -> Vec<String> {
    let (mut lines, mut known) = (Vec::new(), BTreeSet::new());
    for usage in usages {
        let new: Vec<_> =
            usage.variables(mount).into_iter().filter(|(name, _)| known.insert(*name)).collect();
        if !new.is_empty() {
            lines.push(format!("  # {}", usage.tools));
        }
        for (name, value) in new {
            lines.extend([format!("  - name: {name}"), format!("    value: {}", scalar(&value))]);
        }
    }
    if !lines.is_empty() {
        lines.insert(0, "  env:".into());
    }
    lines
}

/// What no field of a Pod says: the keys, the links, and what else a user needs to know.
fn remarks(login: &RegistryCredential, usages: &[Usage], mount: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for usage in usages {
        lines.push(format!("# {}, for {}: {}", usage.format.as_str(), usage.tools, usage.keys.join(", ")));
        if !usage.links.is_empty() {
            lines.push("#   a link leads to the file, made before the first command:".into());
        }
        let link = |(key, path): &(&str, &str)| {
            let folder = path.rsplit_once('/').map_or("~", |(folder, _)| folder);
            format!("#     mkdir -p {folder} && ln -sf {mount}/{key} {path}")
        };
        lines.extend(usage.links.iter().map(link));
        lines.extend(usage.notes.iter().map(|note| format!("#   {}", note.replace(MOUNT, mount))));
    }
    if !login.spec.secret.templates.is_empty() {
        let keys: Vec<_> = login.spec.secret.templates.keys().map(String::as_str).collect();
        lines.push(format!("# templates: {}", keys.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::api::{AwsResource, Identity};
    use crate::credential::preview::{Place, preview};

    fn login(formats: &[Format]) -> RegistryCredential {
        let mut login = RegistryCredential::new(
            "login",
            serde_json::from_value(json!({
                "registries": [{"repository": {"domain": "acme", "name": "store"}, "formats": formats}],
                "secret": {"name": "files", "templates": {"login.env": "{{ token }}"}},
            }))
            .unwrap(),
        );
        login.metadata.namespace = Some("team-a".into());
        login
    }

    fn parsed(formats: &[Format], mount: &str) -> (String, Value) {
        let text = usage(&login(formats), mount);
        (text.clone(), serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{text}\n{error}")))
    }

    #[test]
    fn each_format_has_its_volume_mount_and_paths_to_keys_of_the_secret() {
        let identity = Identity {
            account: "123456789012".into(),
            region: "eu-central-1".into(),
            owner: "123456789012".into(),
            domain: "acme".into(),
            resource: AwsResource::Repository("store".into()),
        };
        let place = Place { identity, account: None };
        for format in Format::ALL {
            let (text, pod) = parsed(&[format], MOUNT);
            let files = preview(&login(&[format]), std::slice::from_ref(&place)).unwrap().files;
            let mut paths = of(format).links.iter().map(|(key, _)| (*key).to_owned()).collect::<Vec<_>>();
            for variable in pod["containers"][0]["env"].as_array().into_iter().flatten() {
                let value = variable["value"].as_str().unwrap();
                paths.extend(value.split_once(&format!("{MOUNT}/")).map(|(_, key)| key.to_owned()));
            }
            for key in paths.iter().map(String::as_str).chain(of(format).keys.iter().copied()) {
                assert!(files.contains_key(key), "{format:?}: the Secret has no {key}");
                assert!(text.contains(key), "{format:?}: {key} is not told");
            }
            assert_eq!(pod["volumes"][0]["secret"]["secretName"], "files");
            let mounts = &pod["containers"][0]["volumeMounts"];
            assert_eq!(*mounts, json!([{"name": "codeartifact", "mountPath": MOUNT, "readOnly": true}]));
            assert!(!text.contains("masked-token") && text.contains("# templates: login.env"), "{text}");
        }
    }

    #[test]
    fn formats_together_name_each_variable_once_and_follow_the_mount() {
        let (text, pod) = parsed(&Format::ALL, "/x-y");
        let mut named = BTreeMap::<String, usize>::new();
        for variable in pod["containers"][0]["env"].as_array().unwrap() {
            *named.entry(variable["name"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        assert!(named.len() > 5 && named.values().all(|times| *times == 1), "{named:?}");
        assert_eq!(pod["containers"][0]["volumeMounts"][0]["mountPath"], "/x-y");
        assert!(!text.contains(MOUNT), "{text}");
    }

    #[test]
    fn a_format_that_needs_no_variable_leaves_env_out() {
        let (_, pod) = parsed(&[Format::Yarn], MOUNT);
        assert_eq!(pod["containers"][0].get("env"), None);
    }
}
