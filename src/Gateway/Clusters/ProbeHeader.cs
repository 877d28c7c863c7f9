namespace Gateway.Clusters;

/// <summary>One header that an HTTP probe sends.</summary>
internal sealed record ProbeHeader(string Name, string Value);
