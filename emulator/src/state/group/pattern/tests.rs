//! Which texts are patterns.

use super::*;
use proptest::prelude::*;
use regex::Regex;
use std::sync::LazyLock;

#[test]
fn the_six_shapes_are_legal() {
    for text in [
        "/*",
        "/npm/*",
        "/pypi/*",
        "/maven/com.anycompany~",
        "/npm/space/*",
        "/npm//*",
        "/npm/space/anycompany-ui~",
        "/npm//react~",
        "/npm//react$",
        "/npm//JSONStream$",
        "/npm//a~b$",
        "/pypi//requests$",
        "/nuget//newtonsoft.json~",
        "/swift/apple/swift-nio$",
        "/maven/org.apache.logging.log4j/log4j-core$",
        "/generic/tools/hammer$",
        "/cargo//serde~",
        "/ruby//rack$",
        "/npm/日本/語~",
        "/npm//cafe\u{301}~",
    ] {
        let pattern = Pattern::parse(text);
        assert!(pattern.is_ok_and(|pattern| pattern.text() == text), "{text}");
    }
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "",
        "/",
        "*",
        "npm/*",
        "/npm",
        "/npm/",
        "//*",
        "/bogus/*",
        "/NPM/*",
        "/python//requests$",
        "/*/*",
        "/npm~",
        "/npm/space",
        "/npm/space$",
        "/npm/space*",
        "/npm/space/",
        "/npm/space/name",
        "/npm/space/name*",
        "/npm/space/a/b$",
        "/npm/~",
        "/npm/x~/*",
        "/npm/x~/y$",
        "/npm/x$/*",
        "/npm/*/x$",
        "/npm/*/*",
        "/npm/x*~",
        "/npm/x/*$",
        "/npm/x/y*z$",
        "/npm//foo$$",
        "/npm//foo~$",
        "/npm//foo$~",
        "/npm//foo~~",
        "/npm//~",
        "/npm//$",
        "/npm//react-~",
        "/npm/space.~",
        "/npm//\u{301}~",
        "/npm//a#b$",
        "/npm/a b/*",
        "/npm/@acme/*",
        "/npm/@acme~",
        "/npm/@acme/ui$",
        "/pypi/space/*",
        "/pypi/space~",
        "/cargo/space/serde$",
        "/pypi//My_Tool$",
        "/pypi//my.tool~",
        "/nuget//Newtonsoft.Json$",
        "/swift/Apple/*",
        "/swift/Apple~",
        "/maven//*",
        "/maven//log4j$",
        "/generic//hammer~",
    ] {
        assert!(Pattern::parse(text).is_err(), "{text}");
    }
    let long = |length| format!("/npm//{}$", "a".repeat(length));
    assert!(Pattern::parse(&long(255)).is_ok());
    assert!(Pattern::parse(&long(256)).is_err());
}

proptest! {
    /// Of npm, whose packages may have a namespace: a name and a namespace are never a wildcard's.
    #[test]
    fn a_pattern_has_one_of_the_shapes(text in r"/npm/[ab.~*$/]{0,7}") {
        const SHAPES: [&str; 5] = [
            r"\*",
            r"[ab.~]*[ab]~",
            r"([ab.~]*[ab.])?/\*",
            r"([ab.~]*[ab.])?/[ab.~]*[ab]~",
            r"([ab.~]*[ab.])?/[ab.~]*[ab.]\$",
        ];
        static SHAPE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(&format!("^/npm/({})$", SHAPES.join("|"))).unwrap());
        prop_assert_eq!(Pattern::parse(&text).is_ok(), SHAPE.is_match(&text), "{}", text);
    }
}
