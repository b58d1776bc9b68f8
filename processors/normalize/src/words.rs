//! Words that interfaces are made of, which name nobody.
//!
//! They do not count as values of a position, and stay where it has become `{id}`: what one sees in
//! `/users/me` and `/orders/search`. A list, so that it does not matter which of the two comes first.

use crate::segment::is_version;

/// In alphabetical order, in the singular.
static WORDS: [&str; 670] = [
    "about", "accept", "access", "account", "action", "activate", "activity", "add", "address",
    "admin", "agreement", "alert", "alias", "all", "allocation", "analytic", "announcement",
    "answer", "api", "app", "application", "approval", "approve", "archive", "article", "asset",
    "assign", "assignment", "async", "attach", "attachment", "attribute", "audit", "auth",
    "authenticate", "authorization", "authorize", "auto", "availability", "available", "avatar",
    "backup", "balance", "ban", "bank", "banner", "base", "basket", "batch", "bid", "bill",
    "billing", "block", "board", "body", "booking", "bookmark", "bot", "branch", "brand", "budget",
    "build", "bulk", "bundle", "by", "cache", "calculate", "calendar", "callback", "campaign",
    "cancel", "capability", "capture", "card", "carrier", "cart", "catalog", "category", "cell",
    "certificate", "challenge", "change", "channel", "charge", "chat", "check", "checkout",
    "child", "children", "claim", "clear", "client", "clone", "close", "cluster", "code",
    "collaborator", "collection", "column", "comment", "commit", "compare", "complete",
    "component", "compute", "condition", "config", "configuration", "confirm", "confirmation",
    "connect", "connection", "connector", "consent", "console", "contact", "container", "content",
    "context", "contract", "conversation", "convert", "copy", "count", "country", "coupon",
    "cover", "create", "credential", "credit", "criteria", "cron", "currency", "current", "cursor",
    "custom", "customer", "daily", "dashboard", "data", "database", "dataset", "date", "day",
    "deactivate", "debug", "decline", "default", "delete", "delivery", "deny", "dependency",
    "deploy", "deployment", "describe", "destination", "detail", "device", "diff", "digest",
    "directory", "disable", "discount", "discovery", "discussion", "dispute", "document", "domain",
    "download", "draft", "driver", "due", "duplicate", "edge", "edit", "email", "embed", "emoji",
    "enable", "endpoint", "engine", "enroll", "enrollment", "entity", "entry", "environment",
    "error", "estimate", "evaluate", "event", "exchange", "execute", "execution", "expand",
    "expense", "expire", "export", "extension", "external", "facet", "favorite", "feature", "fee",
    "feed", "feedback", "fetch", "field", "file", "filter", "find", "finish", "flag", "flow",
    "folder", "follow", "follower", "following", "for", "force", "forecast", "forgot", "form",
    "format", "forward", "freeze", "from", "fulfillment", "function", "fund", "gateway",
    "generate", "get", "gist", "global", "grant", "graph", "graphql", "group", "guest", "handler",
    "header", "health", "healthz", "heartbeat", "help", "hide", "history", "home", "hook", "host",
    "hotel", "hour", "icon", "id", "identity", "image", "import", "inbox", "include", "index",
    "info", "ingress", "init", "insight", "inspect", "install", "installation", "instance",
    "integration", "internal", "interval", "inventory", "invitation", "invite", "invoice", "ip",
    "issue", "item", "job", "join", "json", "key", "keyword", "kind", "label", "language", "last",
    "latest", "launch", "layer", "lead", "leave", "ledger", "level", "library", "license", "like",
    "limit", "line", "link", "list", "listener", "live", "load", "location", "lock", "log",
    "login", "logo", "logout", "lookup", "mail", "maintenance", "manage", "manager", "manifest",
    "map", "mark", "mask", "match", "me", "media", "member", "membership", "mention", "menu",
    "merchant", "merge", "message", "meta", "metadata", "meter", "method", "metric", "middleware",
    "migrate", "migration", "mine", "mobile", "mode", "model", "moderation", "module", "monitor",
    "month", "move", "mute", "my", "name", "namespace", "network", "new", "news", "next", "node",
    "note", "notification", "notify", "oauth", "object", "offer", "office", "offline", "online",
    "open", "openapi", "operation", "operator", "option", "order", "org", "organization", "origin",
    "output", "overview", "owner", "package", "page", "parent", "park", "part", "participant",
    "partner", "password", "patch", "path", "pause", "pay", "payee", "payment", "payout",
    "pending", "people", "period", "permission", "phone", "photo", "pin", "ping", "plan",
    "platform", "play", "player", "playlist", "plugin", "point", "policy", "poll", "pool",
    "popular", "port", "portal", "position", "post", "preference", "presence", "preview", "price",
    "pricing", "private", "process", "product", "profile", "progress", "project", "promote",
    "promotion", "property", "protection", "provider", "proxy", "public", "publish", "pull",
    "purchase", "push", "query", "question", "queue", "quota", "quote", "rank", "rate", "rating",
    "reaction", "read", "ready", "receipt", "recent", "recommendation", "record", "recover",
    "redirect", "refresh", "refund", "region", "register", "registration", "reject", "related",
    "relation", "release", "reload", "remove", "rename", "render", "renew", "replica", "repo",
    "report", "repository", "request", "reschedule", "resend", "reservation", "reset", "resolve",
    "resource", "restart", "restore", "result", "resume", "retry", "return", "revert", "review",
    "revision", "revoke", "reward", "role", "rollback", "room", "root", "rotate", "route", "rule",
    "run", "runner", "runtime", "sale", "sample", "sandbox", "save", "scan", "schedule", "schema",
    "scope", "score", "script", "search", "secret", "section", "security", "segment", "self",
    "send", "sequence", "server", "service", "session", "set", "setting", "setup", "share", "ship",
    "shipment", "shipping", "shop", "sign", "signature", "signin", "signout", "signup", "similar",
    "site", "sku", "snapshot", "social", "sort", "source", "space", "spec", "split", "stage",
    "standard", "star", "start", "stat", "state", "statement", "static", "statistic", "status",
    "step", "stock", "stop", "storage", "store", "stream", "structure", "style", "subject",
    "subscribe", "subscriber", "subscription", "suggest", "suggestion", "summary", "support",
    "suspend", "swagger", "sync", "system", "table", "tag", "target", "task", "tax", "team",
    "template", "tenant", "term", "test", "text", "theme", "thread", "ticket", "tile", "time",
    "timeline", "timeout", "to", "today", "token", "tool", "top", "topic", "total", "trace",
    "track", "tracking", "train", "transaction", "transfer", "transform", "transition",
    "translate", "translation", "trash", "tree", "trend", "trending", "trial", "trigger", "trip",
    "type", "unblock", "unfollow", "unlock", "unmute", "unread", "unsubscribe", "unwatch",
    "update", "upgrade", "upload", "url", "usage", "use", "user", "username", "validate",
    "validation", "value", "variable", "variant", "vendor", "verification", "verify", "version",
    "video", "view", "visibility", "visit", "void", "volume", "vote", "voucher", "wait", "wallet",
    "warehouse", "watch", "watcher", "web", "webhook", "week", "whoami", "widget", "window",
    "withdraw", "withdrawal", "work", "worker", "workflow", "workspace", "write", "xml", "xray",
    "year", "zone",
];

/// Where the words of each letter begin, and behind the last.
static BEGINS: [u16; 27] = begins();

const fn begins() -> [u16; 27] {
    let mut table = [0; 27];
    let mut index = 0;
    while index < WORDS.len() {
        // Every later letter begins behind this word.
        let mut later = (WORDS[index].as_bytes()[0] - b'a') as usize + 1;
        index += 1;
        while later < table.len() {
            table[later] = index as u16;
            later += 1;
        }
    }
    table
}

/// One word in lower case, perhaps in the plural; a version; the colon before an action.
pub(crate) fn is_word(segment: &str) -> bool {
    segment == ":" || is_known(segment) || is_version(segment.as_bytes())
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
    let Some(first) = word.bytes().next().filter(u8::is_ascii_lowercase) else { return false };
    let letter = usize::from(first - b'a');
    let range = usize::from(BEGINS[letter])..usize::from(BEGINS[letter + 1]);
    let known = WORDS.get(range).unwrap_or_default();
    let has = |word: &str| known.binary_search(&word).is_ok();
    has(word)
        || word.strip_suffix('s').is_some_and(&has)
        || word.strip_suffix("es").is_some_and(&has)
        || word.strip_suffix("ies").is_some_and(|stem| {
            known.iter().any(|known| known.strip_suffix('y') == Some(stem))
        })
}

