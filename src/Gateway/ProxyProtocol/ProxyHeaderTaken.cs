namespace Gateway.ProxyProtocol;

/// <summary>A feature of connections whose header was taken off before.</summary>
internal sealed class ProxyHeaderTaken
{
    public static readonly ProxyHeaderTaken Feature = new();
}
