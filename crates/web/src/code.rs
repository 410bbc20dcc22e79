//! The codes of problems. Each has one status, one title and one meaning, whatever face tells it.

use axum::http::StatusCode;

/// What went wrong, in a word that never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The word, for programs.
    pub word: &'static str,
    /// The HTTP status that goes with it.
    pub status: StatusCode,
    /// What it says, in short.
    pub title: &'static str,
    /// When it is told, and what to do.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident = $word:literal $status:ident $title:literal $meaning:literal;)*) => {
        impl Code {
            $(
                #[doc = $meaning]
                pub const $name: Self = Self {
                    word: $word, status: StatusCode::$status, title: $title, meaning: $meaning,
                };
            )*

            /// Every code, by status.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    INVALID = "invalid" BAD_REQUEST "The request does not fit"
        "What was sent is not what the OpenAPI document describes; `detail` names the place. Mend the program that sent it.";
    FORWARDED = "forwarded" BAD_REQUEST "The proxy contradicts itself"
        "`Forwarded` and `X-Forwarded-For` name two callers. Let the proxy remove the one that it does not set.";
    UNAUTHENTICATED = "unauthenticated" UNAUTHORIZED "A valid token is needed"
        "There was no token, or none that is valid now. Send `Authorization: Bearer TOKEN`; `muster token create` makes one.";
    DENIED = "denied" FORBIDDEN "The caller may not do this"
        "The token lacks the scope, or no role of the person it acts for allows it. Somebody who may has to do it, or has to give the right.";
    NOT_FOUND = "not-found" NOT_FOUND "There is no such thing"
        "What is named is not there, or the caller may not know of it.";
    METHOD = "method" METHOD_NOT_ALLOWED "The address does not take this method"
        "The header `Allow` names the methods of this address.";
    CONFLICT = "conflict" CONFLICT "Somebody else changed it in between"
        "It is no longer in the state in which this can be done. Get it again and decide anew.";
    BUSY = "busy" CONFLICT "Somebody else is doing it right now"
        "Come back after `retry_after` seconds.";
    IN_PROGRESS = "in-progress" CONFLICT "The same call is being carried out"
        "The call with this `Idempotency-Key` has no answer yet. Send it again after `retry_after` seconds.";
    HELD = "held" CONFLICT "A guard holds it"
        "More would change than goes without saying, or `confirm` is not the number. Look at what would change; then confirm its number.";
    STALE = "stale" CONFLICT "The world changed since"
        "The plan was made from another state. Make a new one.";
    EXPIRED = "expired" GONE "It was too long ago"
        "What was answered holds for a short time. Ask for it again.";
    CHANGED = "changed" PRECONDITION_FAILED "It is no longer as you saw it"
        "Somebody changed it after the `ETag` of `If-Match` was given. Get it again and decide anew.";
    UNSEEN = "unseen" PRECONDITION_REQUIRED "It is changed only as it was seen"
        "Get it first, and send the `ETag` of that answer as `If-Match`.";
    TOO_LARGE = "too-large" PAYLOAD_TOO_LARGE "The body is too long"
        "Send less at once.";
    MEDIA_TYPE = "media-type" UNSUPPORTED_MEDIA_TYPE "Another media type is needed"
        "The body is sent as `Content-Type: application/json`.";
    UNPROCESSABLE = "unprocessable" UNPROCESSABLE_ENTITY "The request makes no sense here"
        "It fits the document, and means nothing for this model at this time: an expression that does not compile, an end that is over. `detail` says which.";
    KEY_REUSED = "key-reused" UNPROCESSABLE_ENTITY "The key was used for another call"
        "Choose a new `Idempotency-Key` for every new call.";
    PROJECT = "project" UNPROCESSABLE_ENTITY "The model has errors"
        "The files of the model do not fit together; `muster check` shows every error with its place.";
    RATE = "rate" TOO_MANY_REQUESTS "The client asks too often"
        "Come back after `retry_after` seconds.";
    BUG = "bug" INTERNAL_SERVER_ERROR "A mistake of ours"
        "The log has more under the request id.";
    BROKEN_CHAIN = "broken-chain" INTERNAL_SERVER_ERROR "The journal is not what was written"
        "Somebody changed the journal past Muster. `muster audit verify` says where; look into it before anything else.";
    UNAVAILABLE = "unavailable" SERVICE_UNAVAILABLE "The repository or a system cannot be reached"
        "Come back after `retry_after` seconds; `muster doctor` says what is the matter.";
}
