using System.Collections.Concurrent;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Tells the store what probes have come to: at once, and what comes while it is being told in one snapshot after
/// it.</summary>
/// <remarks>
/// <para>A snapshot costs what all destinations cost together. When the network to a thousand of them goes, or when
/// Gateway starts, a snapshot for each would be a million times one destination, and all threads would wait for it.</para>
/// <para>Somebody who cannot follow the new snapshot is a bug elsewhere, which is logged. The store has the word all the
/// same, and no destination may go without its probes for it.</para>
/// </remarks>
internal sealed partial class VerdictQueue(ClusterStore store, ILogger log)
{
    private readonly ConcurrentQueue<ProbeWord> _words = new();
    private int _isTelling;

    /// <summary>Tells what an agent asks for, null being that it is asked no more.</summary>
    public void TellAgent(Destination heard, AgentWord? word)
    {
        try
        {
            store.SetAgent(heard, word);
        }
        catch (AggregateException e)
        {
            LogNotFollowed(e);
        }
    }

    /// <summary>Tells it now, or lets whoever is telling do it next.</summary>
    public void Tell(ProbeWord word)
    {
        _words.Enqueue(word);
        while (!_words.IsEmpty && Interlocked.Exchange(ref _isTelling, 1) == 0)
        {
            try
            {
                var words = new List<ProbeWord>();
                while (_words.TryDequeue(out var next))
                {
                    words.Add(next);
                }

                store.SetProbes(words);
            }
            catch (AggregateException e)
            {
                LogNotFollowed(e);
            }
            finally
            {
                // A full fence, as a write with release is not: the look for words that follows must not be made before others
                // can see that nobody tells, or a word put in between waits for the next one.
                Interlocked.Exchange(ref _isTelling, 0);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Somebody could not follow what probes have found; they go on")]
    private partial void LogNotFollowed(Exception error);
}
