namespace Gateway.Hooks;

/// <summary>Somebody who is told of changes.</summary>
internal interface IHookTarget
{
    /// <summary>Tells once; null when it was heard, else why not.</summary>
    Task<string?> TellAsync(StateChange change, CancellationToken deadline);
}
