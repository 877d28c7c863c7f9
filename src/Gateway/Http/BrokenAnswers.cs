using System.Runtime.CompilerServices;
using Gateway.Clusters;
using Gateway.EventLoop;

namespace Gateway.Http;

/// <summary>Tells of answers that are not passed on, and which rule they break: once a minute for each destination, and of the others
/// to those who want to know all.</summary>
internal sealed partial class BrokenAnswers(TimeProvider time, ILogger<BrokenAnswers> logger)
{
    private readonly ConditionalWeakTable<DestinationState, WarningPace> _paces = [];

    /// <summary>A try has failed with this.</summary>
    public void Note(Destination destination, Exception? exception)
    {
        if (RuleOf(exception) is not { } rule)
        {
            return;
        }

        var pace = _paces.GetValue(destination.State, _ => new WarningPace(time));
        bool isTime;
        lock (pace)
        {
            isTime = pace.TryTake();
        }

        Log(isTime ? LogLevel.Information : LogLevel.Debug, destination.Id, destination.ClusterId, rule);
    }

    private static string? RuleOf(Exception? exception) => exception switch
    {
        null => null,
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } invalid => invalid.Message,
        AggregateException { InnerExceptions: var all } => all.Select(RuleOf).FirstOrDefault(rule => rule is not null),
        _ => RuleOf(exception.InnerException),
    };

    [LoggerMessage("Destination {Destination} of cluster {Cluster} gave an answer that is not passed on: {Rule}")]
    private partial void Log(LogLevel level, string destination, string cluster, string rule);
}
