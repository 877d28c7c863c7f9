namespace Gateway.Clusters;

/// <summary>One step of the conversation of a <c>tcp</c> probe: what is sent, then what the answer must be like.</summary>
internal sealed record ProbeStep
{
    /// <summary>Text to send; empty sends nothing.</summary>
    public string Send { get; init; } = "";

    /// <summary>Bytes to send, in hexadecimal, instead of <see cref="Send"/>.</summary>
    public string SendHex { get; init; } = "";

    /// <summary>How the answer must begin; empty expects nothing, <c>*</c> is any answer.</summary>
    public string Expect { get; init; } = "";

    /// <summary>How the answer must begin, in hexadecimal with <c>?</c> for a half byte that does not matter, instead of
    /// <see cref="Expect"/>.</summary>
    public string ExpectHex { get; init; } = "";

    /// <summary>Whether <see cref="Expect"/> is a regular expression, searched in the answer.</summary>
    public bool Regex { get; init; }
}
