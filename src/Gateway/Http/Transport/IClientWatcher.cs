namespace Gateway.Http.Transport;

/// <summary>Somebody who wants to know when a client goes away.</summary>
internal interface IClientWatcher
{
    /// <summary>The client has closed or reset its connection; called on the loop's thread.</summary>
    void OnClientGone();
}
