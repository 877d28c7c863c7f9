namespace Gateway.Http.Forwarding;

/// <summary>How far a parser came with the bytes it was given.</summary>
internal enum ParseStatus
{
    /// <summary>All is right so far, and more bytes are needed.</summary>
    NeedMore,

    /// <summary>The part that is parsed is complete.</summary>
    Done,

    /// <summary>What came is not allowed, or can be read in two ways; the connection must not be used any more.</summary>
    Bad,
}
