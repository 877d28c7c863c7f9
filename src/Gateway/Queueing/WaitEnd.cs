namespace Gateway.Queueing;

/// <summary>How the waiting for a place came to its end.</summary>
internal enum WaitEnd
{
    /// <summary>There is a place, and it is reserved.</summary>
    Served,

    /// <summary>The queue had no place, had to give it to a client that has fewer, or would have been too slow.</summary>
    Full,

    /// <summary>There was no place in time.</summary>
    Late,

    /// <summary>Who waited has gone.</summary>
    Left,

    /// <summary>The cluster left the configuration.</summary>
    NoCluster,
}
