using Gateway.EventLoop;

namespace Gateway.Http;

/// <summary>Tells once a minute that connections to destinations cannot be made for want of something of Gateway's own: file
/// descriptors, memory or local ports. No destination is to blame for it.</summary>
internal sealed partial class ConnectShortage(TimeProvider time, ILogger<ConnectShortage> logger)
{
    private readonly WarningPace _pace = new(time);
    private readonly Lock _gate = new();

    /// <summary>A connection could not be made.</summary>
    public void Note(Exception? exception)
    {
        bool isTime;
        lock (_gate)
        {
            isTime = _pace.TryTake();
        }

        if (isTime)
        {
            LogCannotConnect(exception?.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Cannot connect to destinations for now, requests are answered 503: {Error}")]
    private partial void LogCannotConnect(string? error);
}
