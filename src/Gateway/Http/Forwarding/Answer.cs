namespace Gateway.Http.Forwarding;

/// <summary>What became of asking for an answer.</summary>
internal enum Answer
{
    /// <summary>Its head is there.</summary>
    Head,

    /// <summary>The connection ended without a byte of an answer.</summary>
    Nothing,

    /// <summary>The connection ended within the head.</summary>
    Broken,

    /// <summary>What came is no head that could be passed on.</summary>
    Bad,
}
