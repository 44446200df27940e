//! Which templates may run. Pure.
//!
//! The engine bounds what a template does by steps, but not how deep it looks into values that it made itself, and its parser
//! follows some of what it reads without a bound. So tags are counted before they are parsed, and what may be in a template is a
//! list: loops, conditions, and expressions that make no lists of values. Nothing can be given a name but by a loop, so that no
//! value can grow from step to step.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, ForLoop, Stmt};
use minijinja::machinery::{Span, Token, parse, tokenize};

use super::filters::FILTERS;
use super::flaw::{Flaw, shown};
use super::syntax;

/// The names at the top of the context.
const NAMES: [&str; 5] = ["token", "username", "expiration", "expires_at", "registries"];

/// The one test that templates have.
pub(super) const DEFINED: &str = "defined";

/// The most words and signs in one tag.
const MOST_IN_TAG: usize = 128;
/// The most loops and conditions in each other.
const MOST_NESTED: usize = 12;
/// The most `elif` in a template: each of them nests, too.
const MOST_BRANCHES: usize = 32;

const KNOWN_TAGS: &str = "templates have the tags for, if and raw, and no others";

/// Refuses a template that may not run.
pub(super) fn screen(source: &str) -> Result<(), Flaw> {
    count(source)?;
    let parsed = parse(source, "template", syntax()?).map_err(|error| Flaw::in_syntax(&error))?;
    Screen { names: NAMES.to_vec() }.statement(&parsed)
}

/// Bounds what the parser has to follow.
fn count(source: &str) -> Result<(), Flaw> {
    let (mut in_tag, mut nested, mut branches, mut opened) = (0, 0_usize, 0, false);
    for token in tokenize(source, false, syntax()?) {
        let (token, span) = token.map_err(|error| Flaw::in_syntax(&error))?;
        in_tag = if matches!(token, Token::TemplateData(_)) { 0 } else { in_tag + 1 };
        match token {
            Token::Ident("for" | "if") if opened => nested += 1,
            Token::Ident("endfor" | "endif") if opened => nested = nested.saturating_sub(1),
            Token::Ident("elif") if opened => branches += 1,
            Token::VariableEnd | Token::BlockEnd => in_tag = 0,
            _ => {}
        }
        opened = matches!(token, Token::BlockStart);
        if in_tag > MOST_IN_TAG {
            return Err(at(span, format!("a tag has more than {MOST_IN_TAG} words and signs; split it")));
        }
        if nested > MOST_NESTED || branches > MOST_BRANCHES {
            return Err(at(
                span,
                format!(
                    "more than {MOST_NESTED} loops and conditions in each other, or {MOST_BRANCHES} elif; simplify it"
                ),
            ));
        }
    }
    Ok(())
}

fn at(span: Span, what: impl Into<String>) -> Flaw {
    Flaw::at(span.start_line, what)
}

/// A walk through a template, with the names that are known at each place.
struct Screen<'a> {
    names: Vec<&'a str>,
}

impl<'a> Screen<'a> {
    fn statements(&mut self, list: &[Stmt<'a>]) -> Result<(), Flaw> {
        list.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt<'a>) -> Result<(), Flaw> {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(printed) => self.expression(&printed.expr),
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr)?;
                self.statements(&condition.true_body)?;
                self.statements(&condition.false_body)
            }
            Stmt::ForLoop(each) => self.each(each, each.span()),
            Stmt::Set(other) => Err(at(other.span(), KNOWN_TAGS)),
            Stmt::SetBlock(other) => Err(at(other.span(), KNOWN_TAGS)),
            Stmt::WithBlock(other) => Err(at(other.span(), KNOWN_TAGS)),
            Stmt::AutoEscape(other) => Err(at(other.span(), KNOWN_TAGS)),
            Stmt::FilterBlock(other) => Err(at(other.span(), KNOWN_TAGS)),
            Stmt::Do(other) => Err(at(other.span(), KNOWN_TAGS)),
        }
    }

    fn each(&mut self, each: &ForLoop<'a>, span: Span) -> Result<(), Flaw> {
        let Expr::Var(name) = &each.target else {
            return Err(at(span, "a loop gives one name; write `for name in …`"));
        };
        if each.recursive {
            return Err(at(span, "a loop cannot be recursive; nest a second loop"));
        }
        self.expression(&each.iter)?;
        let outside = self.names.len();
        self.names.extend([name.id, "loop"]);
        each.filter_expr.iter().try_for_each(|condition| self.expression(condition))?;
        self.statements(&each.body)?;
        self.names.truncate(outside);
        self.statements(&each.else_body)
    }

    fn expression(&self, expression: &Expr<'a>) -> Result<(), Flaw> {
        match expression {
            Expr::Const(_) => Ok(()),
            Expr::Var(name) => self.name(name.id, name.span()),
            Expr::GetAttr(part) => self.expression(&part.expr),
            Expr::GetItem(part) => self.all([&part.expr, &part.subscript_expr]),
            Expr::Slice(part) => {
                self.expression(&part.expr)?;
                self.all([&part.start, &part.stop, &part.step].into_iter().flatten())
            }
            Expr::UnaryOp(one) => self.expression(&one.expr),
            Expr::Compare(compare) => {
                self.expression(&compare.expr)?;
                self.all(compare.ops.iter().map(|op| &op.expr))
            }
            Expr::BinOp(two) => {
                known_operator(two.op).map_err(|what| at(two.span(), what))?;
                self.all([&two.left, &two.right])
            }
            Expr::IfExpr(choice) => {
                self.all([&choice.test_expr, &choice.true_expr].into_iter().chain(&choice.false_expr))
            }
            Expr::Filter(filter) => {
                known("filter", filter.name, &FILTERS).map_err(|what| at(filter.span(), what))?;
                self.all(&filter.expr)?;
                self.arguments(&filter.args, filter.span())
            }
            Expr::Test(test) => {
                known("test", test.name, &[DEFINED]).map_err(|what| at(test.span(), what))?;
                self.expression(&test.expr)?;
                self.arguments(&test.args, test.span())
            }
            Expr::List(list) if list.items.iter().all(|item| matches!(item, Expr::Const(_))) => Ok(()),
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => Err(at(
                expression.span(),
                "a list holds plain texts and numbers only, in [ ]; write the values one after another instead",
            )),
            Expr::Call(call) => {
                Err(at(call.span(), "templates have no functions; use a filter, as in `token | json`"))
            }
        }
    }

    fn all<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr<'a>>) -> Result<(), Flaw>
    where
        'a: 'e,
    {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }

    fn arguments(&self, arguments: &[CallArg<'a>], span: Span) -> Result<(), Flaw> {
        arguments.iter().try_for_each(|argument| match argument {
            CallArg::Pos(value) => self.expression(value),
            _ => Err(at(span, "an argument has neither a name nor a star; write the value alone")),
        })
    }

    fn name(&self, name: &str, span: Span) -> Result<(), Flaw> {
        known("value", name, &self.names).map_err(|what| at(span, what))
    }
}

/// Refuses a name that is in no list, and tells the list.
fn known(what: &str, name: &str, names: &[&str]) -> Result<(), String> {
    if names.contains(&name) {
        return Ok(());
    }
    let known: Vec<_> = names.iter().take(20).copied().map(shown).collect();
    Err(format!("there is no {what} {}; known are {}", shown(name), known.join(", ")))
}

fn known_operator(operator: BinOpKind) -> Result<(), &'static str> {
    use BinOpKind::{
        Add, Concat, Div, Eq, FloorDiv, Gt, Gte, In, Lt, Lte, Mul, Ne, Pow, Rem, ScAnd, ScOr, Sub,
    };
    match operator {
        Eq | Ne | Lt | Lte | Gt | Gte | ScAnd | ScOr | In | Add | Sub | Concat => Ok(()),
        Mul | Div | FloorDiv | Rem | Pow => Err(
            "templates do not multiply and divide; the operators are + - ~, comparisons, and, or, not, in",
        ),
    }
}
