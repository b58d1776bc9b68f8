//! The kinds of usage that have prices.

macro_rules! units {
    ($($unit:ident = $name:literal,)*) => {
        /// One kind of usage: the vocabulary of genai-prices, in its order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "`name` says it")]
        pub enum Unit {
            $($unit,)*
        }

        impl Unit {
            /// Every unit, in the order of the enumeration.
            pub const ALL: &[Self] = &[$(Self::$unit,)*];

            /// As genai-prices calls it: `cache_read_tokens`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$unit => $name,)*
                }
            }

            /// The unit of this [`name`](Self::name).
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$unit),)*
                    _ => None,
                }
            }
        }
    };
}

units! {
    InputTokens = "input_tokens",
    OutputTokens = "output_tokens",
    CacheReadTokens = "cache_read_tokens",
    CacheWriteTokens = "cache_write_tokens",
    CacheWrite5mTokens = "cache_write_5m_tokens",
    CacheWrite1hTokens = "cache_write_1h_tokens",
    InputTextTokens = "input_text_tokens",
    OutputTextTokens = "output_text_tokens",
    CacheTextReadTokens = "cache_text_read_tokens",
    CacheTextWriteTokens = "cache_text_write_tokens",
    CacheTextWrite5mTokens = "cache_text_write_5m_tokens",
    CacheTextWrite1hTokens = "cache_text_write_1h_tokens",
    InputAudioTokens = "input_audio_tokens",
    OutputAudioTokens = "output_audio_tokens",
    CacheAudioReadTokens = "cache_audio_read_tokens",
    CacheAudioWriteTokens = "cache_audio_write_tokens",
    CacheAudioWrite5mTokens = "cache_audio_write_5m_tokens",
    CacheAudioWrite1hTokens = "cache_audio_write_1h_tokens",
    InputImageTokens = "input_image_tokens",
    OutputImageTokens = "output_image_tokens",
    CacheImageReadTokens = "cache_image_read_tokens",
    CacheImageWriteTokens = "cache_image_write_tokens",
    CacheImageWrite5mTokens = "cache_image_write_5m_tokens",
    CacheImageWrite1hTokens = "cache_image_write_1h_tokens",
    InputVideoTokens = "input_video_tokens",
    OutputVideoTokens = "output_video_tokens",
    CacheVideoReadTokens = "cache_video_read_tokens",
    CacheVideoWriteTokens = "cache_video_write_tokens",
    CacheVideoWrite5mTokens = "cache_video_write_5m_tokens",
    CacheVideoWrite1hTokens = "cache_video_write_1h_tokens",
    InputToolTokens = "input_tool_tokens",
    InputTextToolTokens = "input_text_tool_tokens",
    InputAudioToolTokens = "input_audio_tool_tokens",
    InputImageToolTokens = "input_image_tool_tokens",
    InputVideoToolTokens = "input_video_tool_tokens",
    OutputReasoningTokens = "output_reasoning_tokens",
    OutputTextReasoningTokens = "output_text_reasoning_tokens",
    OutputAudioReasoningTokens = "output_audio_reasoning_tokens",
    OutputImageReasoningTokens = "output_image_reasoning_tokens",
    OutputVideoReasoningTokens = "output_video_reasoning_tokens",
    OutputCitationTokens = "output_citation_tokens",
    OutputTextCitationTokens = "output_text_citation_tokens",
    OutputAudioCitationTokens = "output_audio_citation_tokens",
    OutputImageCitationTokens = "output_image_citation_tokens",
    OutputVideoCitationTokens = "output_video_citation_tokens",
    InputCharacters = "input_characters",
    InputTextMessages = "input_text_messages",
    AudioSeconds = "audio_seconds",
    InputAudioSeconds = "input_audio_seconds",
    OutputAudioSeconds = "output_audio_seconds",
    InputPixels = "input_pixels",
    InputDocumentPages = "input_document_pages",
    InputAnnotatedDocumentPages = "input_annotated_document_pages",
    RerankSearches = "rerank_searches",
    WebSearches = "web_searches",
    SocialSearches = "social_searches",
    StorageSearches = "storage_searches",
    CodeExecutions = "code_executions",
    Requests = "requests",
}

impl Unit {
    /// How many there are; a set of them is a `u64`.
    pub const COUNT: usize = Self::ALL.len();

    /// Whether it is counted in nanoseconds and not in whole units.
    #[must_use]
    pub fn is_duration(self) -> bool {
        matches!(self, Self::AudioSeconds | Self::InputAudioSeconds | Self::OutputAudioSeconds)
    }

    /// Its place in [`ALL`](Self::ALL).
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Its bit in a set of units.
    pub(crate) fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

// A set of them is a `u64`.
const _: () = assert!(Unit::COUNT <= 64);

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn names_and_places_lead_back() {
        for (place, &unit) in Unit::ALL.iter().enumerate() {
            assert_eq!(Unit::from_name(unit.name()), Some(unit));
            assert_eq!(unit.index(), place);
        }
        assert_eq!(Unit::from_name("input"), None);
    }
}
