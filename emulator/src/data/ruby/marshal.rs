//! Ruby's Marshal format 4.8, as far as RubyGems and Bundler want to read it. Only the writing half, and
//! only the kinds of values that a gemspec is made of.

/// A value of Ruby.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    /// Not negative, and small.
    Integer(u8),
    Text(String),
    Symbol(&'static str),
    Array(Vec<Self>),
    Hash(Vec<(Self, Self)>),
    /// An object with its instance variables.
    Object(&'static str, Vec<(&'static str, Self)>),
    /// An object that says with `marshal_dump` what it is made of.
    Marshalled(&'static str, Box<Self>),
    /// An object that says with `_dump` what it is made of.
    Dumped(&'static str, Vec<u8>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        Self::Array(texts.into_iter().map(Self::text).collect())
    }

    pub(super) fn optional(text: Option<&String>) -> Self {
        text.map_or(Self::Nil, Self::text)
    }
}

/// The value with the version of the format before it.
pub(super) fn dump(value: &Value) -> Vec<u8> {
    let mut writer = Writer { output: vec![4, 8], symbols: Vec::new() };
    writer.value(value);
    writer.output
}

struct Writer {
    output: Vec<u8>,
    /// Those written once are only counted the next time.
    symbols: Vec<&'static str>,
}

impl Writer {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Nil => self.output.push(b'0'),
            Value::Bool(true) => self.output.push(b'T'),
            Value::Bool(false) => self.output.push(b'F'),
            Value::Integer(number) => {
                self.output.push(b'i');
                self.number((*number).into());
            }
            Value::Text(text) => self.text(text),
            Value::Symbol(symbol) => self.symbol(symbol),
            Value::Array(values) => {
                self.counted(b'[', values.len());
                for value in values {
                    self.value(value);
                }
            }
            Value::Hash(entries) => {
                self.counted(b'{', entries.len());
                for (key, value) in entries {
                    self.value(key);
                    self.value(value);
                }
            }
            Value::Object(class, variables) => {
                self.object(b'o', class);
                self.number(variables.len());
                for (name, value) in variables {
                    self.symbol(name);
                    self.value(value);
                }
            }
            Value::Marshalled(class, value) => {
                self.object(b'U', class);
                self.value(value);
            }
            Value::Dumped(class, content) => {
                self.object(b'u', class);
                self.bytes(content);
            }
        }
    }

    fn counted(&mut self, kind: u8, count: usize) {
        self.output.push(kind);
        self.number(count);
    }

    fn object(&mut self, kind: u8, class: &'static str) {
        self.output.push(kind);
        self.symbol(class);
    }

    /// A string with one instance variable: its encoding is UTF-8.
    fn text(&mut self, text: &str) {
        self.output.extend(b"I\"");
        self.bytes(text.as_bytes());
        self.number(1);
        self.symbol("E");
        self.value(&Value::Bool(true));
    }

    fn symbol(&mut self, symbol: &'static str) {
        if let Some(index) = self.symbols.iter().position(|known| *known == symbol) {
            self.output.push(b';');
            self.number(index);
        } else {
            self.symbols.push(symbol);
            self.output.push(b':');
            self.bytes(symbol.as_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.output.extend(bytes);
    }

    /// Small numbers in one byte, others as the number of bytes and the bytes, the lowest first.
    fn number(&mut self, number: usize) {
        let bytes = number.to_le_bytes();
        let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        if let (1, small @ 1..=122) = (length, bytes[0]) {
            return self.output.push(small.saturating_add(5));
        }
        self.output.extend(u8::try_from(length));
        self.output.extend(bytes.iter().take(length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_ruby_writes_them() {
        let requirement = |operator: &str, version: &str| {
            let version = Value::Marshalled("Gem::Version", Value::Array(vec![Value::text(version)]).into());
            Value::Array(vec![Value::text(operator), version])
        };
        let requirements = vec![requirement(">=", "1"), requirement("<", "2")];
        let value = Value::Array(vec![
            Value::Nil,
            Value::Integer(1),
            Value::text("a"),
            Value::Symbol("b"),
            Value::Symbol("b"),
            Value::Hash(vec![(Value::Symbol("x"), Value::Bool(false))]),
            Value::Marshalled("Gem::Requirement", Value::Array(vec![Value::Array(requirements)]).into()),
        ]);
        // Marshal.dump([nil, 1, "a", :b, :b, {x: false}, Gem::Requirement.new(">= 1", "< 2")])
        let expected = b"\x04\x08[\x0c0i\x06I\"\x06a\x06:\x06ET:\x06b;\x06{\x06:\x06xFU:\x15Gem::Requirement\
            [\x06[\x07[\x07I\"\x07>=\x06;\x00TU:\x11Gem::Version[\x06I\"\x061\x06;\x00T\
            [\x07I\"\x06<\x06;\x00TU;\x09[\x06I\"\x062\x06;\x00T";
        assert_eq!(dump(&value).escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    #[test]
    fn lengths_of_all_sizes_are_written() {
        for (length, expected) in [
            (0, &[0][..]),
            (1, &[6]),
            (122, &[127]),
            (123, &[1, 123]),
            (255, &[1, 255]),
            (256, &[2, 0, 1]),
            (70_000, &[3, 0x70, 0x11, 1]),
        ] {
            let mut writer = Writer { output: Vec::new(), symbols: Vec::new() };
            writer.number(length);
            assert_eq!(writer.output, expected, "{length}");
        }
    }
}
