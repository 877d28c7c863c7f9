namespace Gateway.Http.Forwarding;

/// <summary>Why Gateway itself closed a connection to a destination.</summary>
internal enum UpstreamEnd
{
    /// <summary>It did not, or not yet.</summary>
    None,

    /// <summary>It is not needed, or not fit, for another request.</summary>
    Done,

    /// <summary>It did not connect in time.</summary>
    ConnectTimeout,

    /// <summary>Nothing moved for longer than the cluster's activity timeout.</summary>
    ActivityTimeout,

    /// <summary>The client went away.</summary>
    ClientGone,

    /// <summary>The request's body could not be read, so it cannot be completed.</summary>
    BodyBroken,
}
