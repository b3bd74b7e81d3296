// The $filter grammar: or, and, not, comparisons, text functions, lambdas, query functions.
#include "connectors/dataverse/sandbox_filter.h"

#include <algorithm>
#include <cctype>

#include "connectors/dataverse/sandbox_values.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::string_view kQueryFunctionPrefix = "Microsoft.Dynamics.CRM.";
constexpr int kFilterDepthMax = 64;

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::kNull:
            return "Null";
        case Kind::kBoolean:
            return "Edm.Boolean";
        case Kind::kNumber:
            return "Edm.Decimal";
        case Kind::kText:
            return "Edm.String";
        case Kind::kGuid:
            return "Edm.Guid";
        case Kind::kTime:
            return "Edm.DateTimeOffset";
    }
    return "Null";
}

// Recursive descent over the text; every function leaves `at_` behind what it took.
class Parser {
  public:
    Parser(const FilterContext& context, const Table& table, std::string_view text)
        : context_(context),
          table_(table),
          text_(text) {}

    Outcome<Predicate> parse() {
        auto out = either();
        skip_spaces();
        if (out && at_ != text_.size()) {
            return syntax_error();
        }
        return out;
    }

  private:
    tl::unexpected<ServiceError> syntax_error() const {
        return bad_uri(
            "Syntax error at position " + std::to_string(at_) + " in '" + std::string(text_) + "'."
        );
    }

    void skip_spaces() {
        while (at_ < text_.size() && is_space(text_[at_])) {
            ++at_;
        }
    }

    bool take(char c) {
        skip_spaces();
        if (at_ < text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }

    // A word of the grammar, followed by a space or an opening parenthesis.
    bool take_word(std::string_view word) {
        skip_spaces();
        if (text_.substr(at_, word.size()) != word) {
            return false;
        }
        const std::size_t after = at_ + word.size();
        if (after < text_.size() && !is_space(text_[after]) && text_[after] != '(') {
            return false;
        }
        at_ = after;
        return true;
    }

    // Everything up to a space, a comma or an unbalanced parenthesis; quoted text is kept whole.
    std::string_view token() {
        skip_spaces();
        const std::size_t start = at_;
        bool quoted = false;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\'') {
                quoted = !quoted;
            } else if (!quoted && (is_space(c) || c == ',' || c == '(' || c == ')' || c == ']')) {
                break;
            }
        }
        return text_.substr(start, at_ - start);
    }

    Outcome<Predicate> either() {
        auto left = both();
        while (left && take_word("or")) {
            auto right = both();
            if (!right) {
                return right;
            }
            left = [a = std::move(*left), b = std::move(*right)](const Scope& s) {
                return a(s) || b(s);
            };
        }
        return left;
    }

    Outcome<Predicate> both() {
        auto left = negated();
        while (left && take_word("and")) {
            auto right = negated();
            if (!right) {
                return right;
            }
            left = [a = std::move(*left), b = std::move(*right)](const Scope& s) {
                return a(s) && b(s);
            };
        }
        return left;
    }

    Outcome<Predicate> negated() {
        if (++depth_ > kFilterDepthMax) {
            return bad_uri("The filter is nested too deeply.");
        }
        auto out = take_word("not") ? invert(negated()) : primary();
        --depth_;
        return out;
    }

    static Outcome<Predicate> invert(Outcome<Predicate> inner) {
        if (!inner) {
            return inner;
        }
        return Predicate([a = std::move(*inner)](const Scope& s) { return !a(s); });
    }

    Outcome<Predicate> primary() {
        if (take('(')) {
            auto inner = either();
            if (inner && !take(')')) {
                return syntax_error();
            }
            return inner;
        }
        const std::string_view word = token();
        if (at_ < text_.size() && text_[at_] == '(') {
            return call(word);
        }
        if (word.empty()) {
            return syntax_error();
        }
        return comparison(word);
    }

    Outcome<Predicate> call(std::string_view name) {
        if (name == "contains" || name == "startswith" || name == "endswith") {
            return text_function(name);
        }
        if (name.ends_with("/any") || name.ends_with("/all")) {
            return lambda(name);
        }
        if (name.starts_with(kQueryFunctionPrefix)) {
            return query_function(name.substr(kQueryFunctionPrefix.size()));
        }
        return bad_uri("An unknown function with name '" + std::string(name) + "' was found.");
    }

    Outcome<Operand> operand(std::string_view text) {
        if (text.starts_with('@')) {
            const auto alias = context_.aliases.find(std::string(text));
            if (alias == context_.aliases.end()) {
                return bad_uri("The parameter alias '" + std::string(text) + "' has no value.");
            }
            return parse_literal(alias->second);
        }
        const auto first = static_cast<unsigned char>(text.empty() ? '0' : text.front());
        const bool word = std::isalpha(first) != 0 || first == '_';
        if (word && text != "null" && text != "true" && text != "false" && !read_guid(text)) {
            return path(text);
        }
        return parse_literal(text);
    }

    Outcome<Operand> path(std::string_view text) {
        const std::size_t slash = text.find('/');
        const std::string variable(text.substr(0, slash));
        const auto bound = variables_.find(variable);
        if (bound == variables_.end() || slash == std::string_view::npos) {
            return parse_path(*context_.schema, table_, text);
        }
        auto inner = parse_path(*context_.schema, *bound->second, text.substr(slash + 1));
        if (!inner) {
            return inner;
        }
        return Operand{inner->kind, [variable, get = inner->get](const Scope& scope) {
                           Scope at = scope;
                           at.row = scope.variables.at(variable);
                           return get(at);
                       }};
    }

    Outcome<Predicate> comparison(std::string_view word) {
        auto left = operand(word);
        if (!left) {
            return tl::unexpected<ServiceError>(left.error());
        }
        const std::size_t before = at_;
        const std::string op(token());
        if (left->kind == Kind::kBoolean && (op.empty() || op == "and" || op == "or")) {
            at_ = before;
            return Predicate([get = left->get](const Scope& s) { return get(s) == Value(true); });
        }
        auto right = operand(token());
        if (!right) {
            return tl::unexpected<ServiceError>(right.error());
        }
        if (left->kind != right->kind && left->kind != Kind::kNull && right->kind != Kind::kNull) {
            return bad_uri(
                "A binary operator with incompatible types was detected. Found operand types '" +
                std::string(name_of(left->kind)) + "' and '" + std::string(name_of(right->kind)) +
                "' for operator '" + op + "'."
            );
        }
        return compare(op, *left, *right);
    }

    Outcome<Predicate> compare(std::string_view op, const Operand& left, const Operand& right) {
        const auto test = [&](auto accepts) {
            return Predicate([a = left.get, b = right.get, accepts](const Scope& s) {
                return accepts(compare_values(a(s), b(s)));
            });
        };
        // An ordering with null is never true.
        const auto order = [&](auto accepts) {
            return Predicate([a = left.get, b = right.get, accepts](const Scope& s) {
                const Value x = a(s);
                const Value y = b(s);
                return x.index() != 0 && y.index() != 0 && accepts(compare_values(x, y));
            });
        };
        if (op == "eq") {
            return test([](int c) { return c == 0; });
        }
        if (op == "ne") {
            return test([](int c) { return c != 0; });
        }
        if (op == "gt") {
            return order([](int c) { return c > 0; });
        }
        if (op == "ge") {
            return order([](int c) { return c >= 0; });
        }
        if (op == "lt") {
            return order([](int c) { return c < 0; });
        }
        if (op == "le") {
            return order([](int c) { return c <= 0; });
        }
        return syntax_error();
    }

    Outcome<Predicate> text_function(std::string_view name) {
        take('(');
        auto subject = operand(token());
        const bool comma = take(',');
        auto part = operand(token());
        if (!subject || !part) {
            return tl::unexpected<ServiceError>(subject ? part.error() : subject.error());
        }
        if (!comma || !take(')')) {
            return syntax_error();
        }
        if (subject->kind != Kind::kText || part->kind != Kind::kText) {
            return bad_uri("The function '" + std::string(name) + "' takes two texts.");
        }
        return Predicate([name = std::string(name), a = subject->get, b = part->get](const Scope& s
                         ) {
            const Value x = a(s);
            const Value y = b(s);
            if (x.index() == 0 || y.index() == 0) {
                return false;
            }
            const std::string whole = lowered(std::get<std::string>(x));
            const std::string piece = lowered(std::get<std::string>(y));
            if (name == "startswith") {
                return whole.starts_with(piece);
            }
            return name == "endswith" ? whole.ends_with(piece)
                                      : whole.find(piece) != std::string::npos;
        });
    }

    // collection/any(o:o/name eq 'x'); any() alone asks whether there is a row.
    Outcome<Predicate> lambda(std::string_view name) {
        const bool all = name.ends_with("/all");
        const Collection* rows = table_.collection(name.substr(0, name.size() - 4));
        if (rows == nullptr) {
            return bad_uri(
                "Could not find a property named '" + std::string(name.substr(0, name.size() - 4)) +
                "' on type 'Microsoft.Dynamics.CRM." + table_.name + "'."
            );
        }
        take('(');
        std::string variable;
        Predicate body = [](const Scope&) { return true; };
        if (!take(')')) {
            const std::size_t colon = text_.find(':', at_);
            if (colon == std::string_view::npos) {
                return syntax_error();
            }
            skip_spaces();
            variable = std::string(text_.substr(at_, colon - at_));
            at_ = colon + 1;
            variables_[variable] = context_.schema->by_name(rows->table);
            auto inner = either();
            variables_.erase(variable);
            if (!inner || !take(')')) {
                return inner ? syntax_error() : inner;
            }
            body = std::move(*inner);
        }
        return quantified(*rows, all, variable, std::move(body));
    }

    Predicate quantified(const Collection& rows, bool all, std::string variable, Predicate body) {
        return [&rows, &table = table_, all, variable, body](const Scope& scope) {
            const std::string id = string_or(*scope.row, table.key);
            for (const auto& [child_id, child] : scope.database->rows(rows.table)) {
                const Reference to = reference_of(child, rows.column);
                if (to.table != table.name || to.id != id) {
                    continue;
                }
                Scope inner = scope;
                inner.variables[variable] = &child;
                if (body(inner) != all) {
                    return !all;
                }
            }
            return all;
        };
    }

    Outcome<Predicate> query_function(std::string_view name) {
        QueryFunction function{std::string(name), {}};
        take('(');
        while (!take(')')) {
            skip_spaces();
            const std::size_t equals = text_.find('=', at_);
            if (equals == std::string_view::npos) {
                return syntax_error();
            }
            const std::string argument(text_.substr(at_, equals - at_));
            at_ = equals + 1;
            if (!read_argument(function.arguments[argument])) {
                return syntax_error();
            }
            take(',');
        }
        return make_query_function(context_, table_, function);
    }

    bool read_argument(std::vector<std::string>& values) {
        if (!take('[')) {
            values.emplace_back(token());
            return !values.back().empty();
        }
        while (!take(']')) {
            values.emplace_back(token());
            if (values.back().empty()) {
                return false;
            }
            take(',');
        }
        return true;
    }

    const FilterContext& context_;
    const Table& table_;
    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
    std::map<std::string, const Table*> variables_;
};

}  // namespace

Outcome<Predicate> parse_filter(
    const FilterContext& context, const Table& table, std::string_view text
) {
    return Parser(context, table, text).parse();
}

}  // namespace tideway::connectors::dataverse::sandbox
