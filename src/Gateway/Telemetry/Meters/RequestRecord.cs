namespace Gateway.Telemetry.Meters;

/// <summary>What is counted of one HTTP request that has ended.</summary>
/// <param name="Route">The route's id; null when no route matched.</param>
/// <param name="Cluster">The cluster's id; null when none was chosen.</param>
/// <param name="Method">The method as the client wrote it.</param>
/// <param name="Status">The status code sent; 0 when the client was gone before there was one.</param>
/// <param name="Duration">From the request's first line to the answer's last byte.</param>
internal readonly record struct RequestRecord(
    string? Route, string? Cluster, string Method, int Status, TimeSpan Duration);
