namespace Gateway.Configuration;

/// <summary>The texts a configuration was made of, weakest first: the file and what the API has changed since.</summary>
/// <param name="File">The configuration file as it was read.</param>
/// <param name="Overlay">What lies over it.</param>
internal sealed record Layers(byte[] File, Overlay Overlay);
