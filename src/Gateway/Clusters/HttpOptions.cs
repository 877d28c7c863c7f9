namespace Gateway.Clusters;

/// <summary>The <c>Http</c> section of the configuration; read once, at start.</summary>
internal sealed record HttpOptions
{
    /// <summary>What forwards requests: <c>gateway</c> is Gateway's own forwarder where it can, and YARP's elsewhere;
    /// <c>yarp</c> is YARP's alone.</summary>
    public string Forwarder { get; init; } = "yarp";
}
