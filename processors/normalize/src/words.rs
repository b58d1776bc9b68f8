//! Words that interfaces are made of, which name nobody.
//!
//! They do not count as values of a position, and stay where it has become `{id}`: what one sees in
//! `/users/me` and `/orders/search`. A list, so that it does not matter which of the two comes first.

use crate::segment::is_version;

/// In alphabetical order, in the singular.
#[rustfmt::skip]
static WORDS: [&str; 707] = [
    "about", "accept", "access", "account", "action", "activate", "active", "activity", "add",
    "address", "admin", "agreement", "alert", "alias", "all", "allocation", "analytic",
    "announcement", "answer", "api", "app", "application", "approval", "approve", "approved",
    "archive", "archived", "article", "asset", "assign", "assigned", "assignment", "async",
    "attach", "attachment", "attribute", "audit", "auth", "authenticate", "authorization",
    "authorize", "auto", "availability", "available", "avatar", "backup", "balance", "ban", "bank",
    "banner", "base", "basket", "batch", "best", "bid", "bill", "billing", "block", "blocked",
    "board", "body", "booking", "bookmark", "bot", "branch", "brand", "budget", "build", "bulk",
    "bundle", "by", "cache", "calculate", "calendar", "callback", "campaign", "cancel",
    "cancelled", "capability", "capture", "card", "carrier", "cart", "catalog", "category", "cell",
    "certificate", "challenge", "change", "channel", "charge", "chat", "check", "checkout",
    "child", "children", "claim", "clear", "client", "clone", "close", "closed", "cluster", "code",
    "collaborator", "collection", "column", "comment", "commit", "compare", "complete",
    "completed", "component", "compute", "condition", "config", "configuration", "confirm",
    "confirmation", "connect", "connection", "connector", "consent", "console", "contact",
    "container", "content", "context", "contract", "conversation", "convert", "copy", "count",
    "country", "coupon", "cover", "create", "created", "credential", "credit", "criteria", "cron",
    "currency", "current", "cursor", "custom", "customer", "daily", "dashboard", "data",
    "database", "dataset", "date", "day", "deactivate", "debug", "decline", "default", "delete",
    "deleted", "delivery", "deny", "dependency", "deploy", "deployment", "describe", "destination",
    "detail", "device", "diff", "digest", "directory", "disable", "disabled", "discount",
    "discovery", "discussion", "dispute", "document", "domain", "download", "draft", "driver",
    "due", "duplicate", "duration", "edge", "edit", "email", "embed", "emoji", "enable", "enabled",
    "endpoint", "engine", "enroll", "enrollment", "entity", "entry", "environment", "error",
    "estimate", "evaluate", "event", "exchange", "execute", "execution", "expand", "expense",
    "expire", "expired", "export", "extension", "external", "facet", "favorite", "feature",
    "featured", "fee", "feed", "feedback", "fetch", "field", "file", "filter", "find", "finish",
    "flag", "flow", "folder", "follow", "follower", "following", "for", "force", "forecast",
    "forgot", "form", "format", "forward", "freeze", "from", "fulfillment", "full", "function",
    "fund", "gateway", "generate", "get", "gist", "global", "grant", "graph", "graphql", "group",
    "guest", "handler", "header", "health", "healthz", "heartbeat", "help", "hidden", "hide",
    "history", "home", "hook", "host", "hotel", "hour", "icon", "id", "identity", "image",
    "import", "inactive", "inbox", "include", "index", "info", "ingress", "init", "insight",
    "inspect", "install", "installation", "instance", "integration", "internal", "interval",
    "inventory", "invitation", "invite", "invoice", "ip", "issue", "item", "job", "join", "json",
    "key", "keyword", "kind", "label", "language", "last", "latest", "launch", "layer", "lead",
    "leave", "ledger", "level", "library", "license", "like", "limit", "line", "link", "list",
    "listener", "live", "load", "location", "lock", "log", "login", "logo", "logout", "long",
    "lookup", "mail", "maintenance", "manage", "manager", "manifest", "map", "mark", "mask",
    "match", "me", "media", "member", "membership", "mention", "menu", "merchant", "merge",
    "message", "meta", "metadata", "meter", "method", "metric", "middleware", "migrate",
    "migration", "mine", "mobile", "mode", "model", "moderation", "module", "monitor", "month",
    "move", "mute", "my", "name", "namespace", "nearby", "network", "new", "news", "next", "node",
    "note", "notification", "notify", "oauth", "object", "offer", "office", "offline", "online",
    "open", "openapi", "opened", "operation", "operator", "option", "optional", "order", "org",
    "organization", "origin", "output", "overview", "owner", "package", "page", "parent", "park",
    "part", "participant", "partner", "password", "patch", "path", "pause", "pay", "payee",
    "payment", "payout", "pending", "people", "period", "permission", "phone", "photo", "pin",
    "ping", "plan", "platform", "play", "player", "playlist", "plugin", "point", "policy", "poll",
    "pool", "popular", "port", "portal", "position", "post", "preference", "presence", "preview",
    "price", "pricing", "private", "process", "product", "profile", "progress", "project",
    "promote", "promotion", "property", "protection", "provider", "proxy", "public", "publish",
    "published", "pull", "purchase", "push", "query", "question", "queue", "quota", "quote",
    "random", "rank", "rate", "rating", "reaction", "read", "ready", "receipt", "received",
    "recent", "recommendation", "record", "recover", "redirect", "refresh", "refund", "region",
    "register", "registration", "reject", "rejected", "related", "relation", "release", "reload",
    "remove", "rename", "render", "renew", "replica", "repo", "report", "repository", "request",
    "required", "reschedule", "resend", "reservation", "reset", "resolve", "resource", "restart",
    "restore", "result", "resume", "retry", "return", "revert", "review", "revision", "revoke",
    "reward", "role", "rollback", "room", "root", "rotate", "route", "rule", "run", "runner",
    "runtime", "sale", "sample", "sandbox", "save", "saved", "scan", "schedule", "scheduled",
    "schema", "scope", "score", "script", "search", "secret", "section", "security", "segment",
    "self", "send", "sent", "sequence", "server", "service", "session", "set", "setting", "setup",
    "share", "shared", "ship", "shipment", "shipping", "shop", "short", "sign", "signature",
    "signin", "signout", "signup", "similar", "simple", "site", "sku", "snapshot", "social",
    "sort", "source", "space", "spec", "split", "stage", "standard", "star", "starred", "start",
    "stat", "state", "statement", "static", "statistic", "status", "step", "stock", "stop",
    "storage", "store", "stream", "structure", "style", "subject", "subscribe", "subscriber",
    "subscription", "suggest", "suggestion", "summary", "support", "suspend", "swagger", "sync",
    "system", "table", "tag", "target", "task", "tax", "team", "template", "tenant", "term",
    "test", "text", "theme", "thread", "ticket", "tile", "time", "timeline", "timeout", "to",
    "today", "token", "tool", "top", "topic", "total", "trace", "track", "tracking", "train",
    "transaction", "transfer", "transform", "transition", "translate", "translation", "trash",
    "tree", "trend", "trending", "trial", "trigger", "trip", "type", "unblock", "unfollow",
    "unlock", "unmute", "unread", "unsubscribe", "unwatch", "upcoming", "update", "updated",
    "upgrade", "upload", "url", "usage", "use", "user", "username", "validate", "validation",
    "value", "variable", "variant", "vendor", "verification", "verify", "version", "video", "view",
    "visibility", "visit", "void", "volume", "vote", "voucher", "wait", "wallet", "warehouse",
    "watch", "watcher", "web", "webhook", "week", "whoami", "widget", "window", "withdraw",
    "withdrawal", "work", "worker", "workflow", "workspace", "write", "xml", "xray", "year",
    "zone",
];

/// One word in lower case, perhaps in the plural or with an `@`; a version; the colon before an action.
pub(crate) fn is_word(segment: &str) -> bool {
    let name = segment.strip_prefix('@').unwrap_or(segment);
    segment == ":" || is_known(name) || is_version(segment.as_bytes())
}

/// Several of them: `line-items`, `getUserByName`, `Orders`.
pub(crate) fn is_compound(segment: &str) -> bool {
    let mut words = 0;
    let mut word = String::new();
    let mut before = '_';
    for letter in segment.chars().chain(['_']) {
        if letter == '-' || letter == '_' || letter.is_ascii_uppercase() && before.is_lowercase() {
            if !is_known(&word) {
                return false;
            }
            words += 1;
            word.clear();
        }
        if letter != '-' && letter != '_' {
            word.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    words > 0
}

fn is_known(word: &str) -> bool {
    let has = |word: &str| may_be(word.as_bytes()) && WORDS.binary_search(&word).is_ok();
    if has(word) {
        return true;
    }
    let Some(singular) = word.strip_suffix('s') else { return false };
    has(singular)
        || singular.strip_suffix('e').is_some_and(has)
        || singular.strip_suffix("ie").is_some_and(|stem| {
            let mut longer = String::with_capacity(word.len());
            longer.push_str(stem);
            longer.push('y');
            has(&longer)
        })
}

const MARKS: usize = 8192;

/// A bit for the beginning and the length of each word: most names are told by one look.
static MARKED: [u64; MARKS / 64] = marked();

const fn marked() -> [u64; MARKS / 64] {
    let mut table = [0; MARKS / 64];
    let mut index = 0;
    while index < WORDS.len() {
        let mark = mark(WORDS[index].as_bytes());
        table[mark / 64] |= 1 << (mark % 64);
        index += 1;
    }
    table
}

const fn mark(word: &[u8]) -> usize {
    let mut mark = word.len() % MARKS * 3049;
    let mut index = 0;
    while index < 4 && index < word.len() {
        mark = (mark * 37 + word[index] as usize) % MARKS;
        index += 1;
    }
    mark % MARKS
}

fn may_be(word: &[u8]) -> bool {
    let mark = mark(word);
    MARKED.get(mark / 64).is_some_and(|bits| bits >> (mark % 64) & 1 == 1)
}
