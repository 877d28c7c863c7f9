namespace Gateway.Http.Plain;

/// <summary>What became of a request of the plain lane.</summary>
internal enum LaneOutcome
{
    /// <summary>The answer is written.</summary>
    Answered,

    /// <summary>The answer broke off, or there is nobody to take it: the connection is of no more use.</summary>
    Broken,

    /// <summary>Nothing was written, and Kestrel shall serve the request.</summary>
    Kestrels,
}
